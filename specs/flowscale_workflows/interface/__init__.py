"""What callers of a workflow give and get: its inputs and outputs, with their names and types."""

from flowscale_workflows.interface.derivation import derive
from flowscale_workflows.signatures import FILE_TYPES, Input, InputType, Interface, Output, OutputType

__all__ = ["FILE_TYPES", "Input", "InputType", "Interface", "Output", "OutputType", "derive"]
