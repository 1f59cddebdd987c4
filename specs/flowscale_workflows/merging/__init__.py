"""Three-way merge of workflows: what both sides changed differently is named, everything else goes together."""

from flowscale_workflows.merging.graphs import merge_graphs
from flowscale_workflows.merging.ui import merge_ui
from flowscale_workflows.merging.values import Conflict, Merged

__all__ = ["Conflict", "Merged", "merge_graphs", "merge_ui"]
