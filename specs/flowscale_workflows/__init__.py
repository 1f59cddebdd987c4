"""Workflow files as plain JSON: their formats, conversion, metadata, interface and differences."""
