"""`Schedule`: what starts by itself, and when."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import WHOLE, Json, Key, Name, Text, Word
from flowscale_specs.values import Cron, Duration, TimeZone


class EventTrigger(Part):
    """Something that happens elsewhere."""

    source: Word = Field(
        description="Where events come from: `webhook`, `object-store`, `runs`, or a broker's address."
    )
    type: Word | None = Field(None, description="The type of event; any unless said.")
    prefix: Text | None = Field(None, description="For `object-store`: the start of the names that count.")
    condition: Text | None = Field(None, description="A CEL expression over `event` that must hold.")
    secret: SecretRef | None = Field(None, description="The secret that the source asks for, or signs with.")


class ChangeTrigger(Part):
    """Rows of a database that appear or change."""

    database: SecretRef = Field(description="The secret that holds the database's address.")
    table: Word = Field(description="The table.")
    condition: Text | None = Field(None, description="An SQL condition over the row that must hold.")
    cursor: Word = Field("updated_at", description="The column that grows with each change.")
    every: Duration = Field(Duration(60), description="How often to look.")
    limit: Annotated[int, Field(ge=1, le=10_000), WHOLE] = Field(
        100, description="Rows that are taken at once."
    )


class Target(Part):
    """What is started: one of deployment, batch, pipeline."""

    deployment: Annotated[Name, Names("WorkflowDeployment")] | None = Field(
        None, description="A run of a deployment."
    )
    batch: Annotated[Name, Names("Batch")] | None = Field(None, description="A batch.")
    pipeline: Annotated[Name, Names("Pipeline")] | None = Field(None, description="A pipeline.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(target is not None for target in (self.deployment, self.batch, self.pipeline)) != 1:
            raise ValueError("give one of deployment, batch and pipeline")
        return self


class ScheduleSpec(Part):
    """What starts by itself, and when: by time, by an event, or by a change of data."""

    cron: Cron | None = Field(None, description="When, as a cron expression.")
    time_zone: TimeZone = Field(TimeZone("UTC"), description="The time zone of `cron`.")
    event: EventTrigger | None = Field(None, description="An event that starts it.")
    change: ChangeTrigger | None = Field(None, description="A change of data that starts it.")
    run: Target = Field(description="What is started.")
    inputs: dict[Key, Json] = Field(
        default_factory=dict,
        description="Its inputs; `${event.name}`, `${row.name}` and `${time}` are filled in.",
    )
    concurrency: Literal["allow", "forbid", "replace"] = Field(
        "forbid", description="What happens when the one before still runs."
    )
    deadline: Duration = Field(Duration(300), description="How late it may still start.")
    suspended: bool = Field(False, description="Whether it rests.")

    @model_validator(mode="after")
    def _some_trigger(self) -> Self:
        if self.cron is None and self.event is None and self.change is None:
            raise ValueError("give cron, event or change")
        return self


class Schedule(Document):
    """What starts by itself: by cron expression, by an event, or by a change of data."""

    executes: ClassVar[bool] = True
    kind: Literal["Schedule"] = Field("Schedule", description="`Schedule`.")
    spec: ScheduleSpec = Field(description="The schedule.")
