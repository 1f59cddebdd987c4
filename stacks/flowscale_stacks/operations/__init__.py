"""Operations on stacks from outside of the engine: what `flowscale up` and its siblings do, and what git sync repeats."""

from flowscale_stacks.operations.operating import Operator
from flowscale_stacks.operations.outcomes import Outcome
from flowscale_stacks.operations.places import Choice

__all__ = ["Choice", "Operator", "Outcome"]
