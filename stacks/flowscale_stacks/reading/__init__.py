"""What is wanted, from a folder; what is there, from a cluster, a file or an older commit. The rim of plans and stacks."""

from flowscale_stacks.reading.cluster import read_cluster
from flowscale_stacks.reading.errors import ClusterUnreachable, NotObjects, NotRevision, ReadingError
from flowscale_stacks.reading.files import read_objects, render_objects
from flowscale_stacks.reading.folders import Source, Specs, objects_of, read_specs
from flowscale_stacks.reading.history import at_revision
from flowscale_stacks.reading.records import marks
from flowscale_stacks.reading.wanting import Wanted, read, wanted_of

__all__ = [
    "ClusterUnreachable",
    "NotObjects",
    "NotRevision",
    "ReadingError",
    "Source",
    "Specs",
    "Wanted",
    "at_revision",
    "marks",
    "objects_of",
    "read",
    "read_cluster",
    "read_objects",
    "read_specs",
    "render_objects",
    "wanted_of",
]
