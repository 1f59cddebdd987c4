"""The graph executor: ComfyUI's node contract, linear in the number of nodes. No torch here."""

from .blocker import ExecutionBlocker
from .builder import GraphBuilder
from .cache import ClassicCache, LruCache, NoCache, ResultCache
from .context import NodeContext, current
from .definitions import describe
from .dynprompt import DynamicPrompt
from .errors import (
    BadInputs,
    BadReturn,
    DependencyCycle,
    GraphError,
    GraphRefused,
    InputRefused,
    Interrupted,
    NodeFailed,
    TooManyNodes,
    UnknownClass,
)
from .executor import Executor
from .failures import NodeFailure
from .interrupt import Interrupt
from .listener import BlockListener, ExpansionListener, Listener, SilentListener
from .modes import cache_of
from .outcome import Outcome
from .pressure import PressureCache, Thresholds
from .validation import Validation, avalidate, validate

__all__ = [
    "BadInputs",
    "BadReturn",
    "BlockListener",
    "ClassicCache",
    "DependencyCycle",
    "DynamicPrompt",
    "ExecutionBlocker",
    "Executor",
    "ExpansionListener",
    "GraphBuilder",
    "GraphError",
    "GraphRefused",
    "InputRefused",
    "Interrupt",
    "Interrupted",
    "Listener",
    "LruCache",
    "NoCache",
    "NodeContext",
    "NodeFailed",
    "NodeFailure",
    "Outcome",
    "PressureCache",
    "ResultCache",
    "SilentListener",
    "Thresholds",
    "TooManyNodes",
    "UnknownClass",
    "Validation",
    "avalidate",
    "cache_of",
    "current",
    "describe",
    "validate",
]
