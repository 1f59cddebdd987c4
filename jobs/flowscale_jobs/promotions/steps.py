"""What a stage of a promotion goes through, in order."""

from flowscale_specs.kinds.promotion import Stage


def steps_of(stage: Stage) -> list[str]:
    """The names of the steps: what must be right and agreed to before the stage is touched, then what it must show."""
    wanted = {check.kind for check in stage.tests}
    named = (
        ("check", True),
        ("security", "security" in wanted),
        ("approval", bool(stage.approvals)),
        ("deploy", True),
        ("canary", stage.canary is not None),
        ("golden", "golden" in wanted),
        ("performance", "performance" in wanted),
        ("extra", bool(wanted & {"integration", "command", "webhook"})),
    )
    return [name for name, there in named if there]
