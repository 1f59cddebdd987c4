"""From the editor's form of a workflow to the executable form, as the editor itself does it when queueing."""

from flowscale_workflows.conversion.converting import Conversion, convert, to_api

__all__ = ["Conversion", "convert", "to_api"]
