"""How a new release takes over from the one before, and at which hours instances stand ready."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Part
from flowscale_specs.kinds.fields import Positive
from flowscale_specs.kinds.promotion import Canary
from flowscale_specs.values import Cron, Duration, Percent, TimeZone


class Window(Part):
    """Hours at which a number of instances stand ready."""

    cron: Cron = Field(description="When it begins.")
    duration: Duration = Field(description="How long it lasts.")
    time_zone: TimeZone = Field(TimeZone("UTC"), description="The time zone of `cron`.")
    min: Positive = Field(description="Instances that run in that time at least; never above `max`.")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.duration <= 0:
            raise ValueError("duration is zero: the window would never be open")
        return self


class Rollout(Canary):
    """How a new version takes over from the one before. A list alone is the steps of a canary."""

    mode: Literal["canary", "mirror", "experiment"] = Field(
        "canary",
        description="`canary` moves traffic step by step, `mirror` sends the new version copies of runs and throws its "
        "answers away, `experiment` compares both at the first step for the interval.",
    )
    error_rate: Percent = Field(
        Percent(5), description="The part of failed runs above which the new version is never taken."
    )
    confidence: Percent = Field(
        Percent(95), description="How sure a verdict must be; at most the rest of verdicts is wrong."
    )
    automatic: bool = Field(
        True,
        description="Whether it promotes and rolls back by itself; otherwise it only says what it would do.",
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"steps": short} if isinstance(short, list) else short

    @model_validator(mode="after")
    def _some_doubt(self) -> Self:
        if not 50 <= self.confidence < 100:
            raise ValueError(f"confidence {self.confidence} is not between 50% and 99.99%")
        return self
