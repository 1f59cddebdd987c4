"""Conditions, as all Kubernetes objects tell them."""

from typing import Literal

from pydantic import Field

from flowscale_specs.resources.shape import Shape, Whole


class Condition(Shape):
    """One fact about the state of a resource."""

    type: str = Field(description="What the fact is about, such as Ready.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it is so.")
    reason: str = Field(description="Why, in one word for machines.")
    message: str = Field("", description="Why, in a sentence for people.")
    last_transition_time: str = Field(
        description="Since when, as RFC 3339 writes it.", json_schema_extra={"format": "date-time"}
    )
    observed_generation: Whole | None = Field(
        None, description="The generation of the spec that was looked at."
    )
