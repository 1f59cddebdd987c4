"""What a change would do: objects, dollars, releases, risk. Pure; reading what is there is somebody else's."""

from flowscale_stacks.plan.changes import Change, FieldChange
from flowscale_stacks.plan.comparing import compare
from flowscale_stacks.plan.markdown import render_markdown
from flowscale_stacks.plan.planning import Plan, make_plan
from flowscale_stacks.plan.serving import Rollback
from flowscale_stacks.plan.terminal import render_terminal

__all__ = [
    "Change",
    "FieldChange",
    "Plan",
    "Rollback",
    "compare",
    "make_plan",
    "render_markdown",
    "render_terminal",
]
