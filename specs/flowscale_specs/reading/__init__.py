"""YAML as values that remember where they were written."""

from flowscale_specs.reading.files import Reading, read_file, read_text
from flowscale_specs.reading.places import List, Map, Place, place, pointer

__all__ = ["List", "Map", "Place", "Reading", "place", "pointer", "read_file", "read_text"]
