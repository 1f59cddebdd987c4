"""What is wanted, from a folder; what is there, from a cluster, a file or an older commit. The rim of the plan."""

from flowscale_stacks.reading.cluster import read_cluster
from flowscale_stacks.reading.errors import ClusterUnreachable, NotObjects, NotRevision, ReadingError
from flowscale_stacks.reading.files import read_objects, render_objects
from flowscale_stacks.reading.folders import Wanted, read_folder
from flowscale_stacks.reading.history import at_revision

__all__ = [
    "ClusterUnreachable",
    "NotObjects",
    "NotRevision",
    "ReadingError",
    "Wanted",
    "at_revision",
    "read_cluster",
    "read_folder",
    "read_objects",
    "render_objects",
]
