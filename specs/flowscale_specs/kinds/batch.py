"""`Batch`: many runs of one deployment."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import WHOLE, Json, Key, Name, Text, Word
from flowscale_specs.values import Allowance, Duration


class Feed(Part):
    """Where sets of inputs come from, one a line, a row or a file. A word alone is a path or an address."""

    short_forms = ({"type": "string"},)

    source: Word = Field(description="A path, or an address such as `s3://bucket/folder/` or `https://...`.")
    format: Literal["jsonl", "json", "csv", "files"] | None = Field(
        None,
        description="How it is written; told by the name unless said. `files` gives each file to `input`.",
    )
    input: Key | None = Field(None, description="For `files`: the input that each file goes to.")
    map: dict[Key, Word] = Field(default_factory=dict, description="Input -> column, where names differ.")
    secret: SecretRef | None = Field(None, description="The secret that the source asks for.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"source": short} if isinstance(short, str) else short

    @model_validator(mode="after")
    def _files_need_an_input(self) -> Self:
        if self.format == "files" and self.input is None:
            raise ValueError("files need input: the input that each file goes to")
        return self


class Delivery(Part):
    """Where results are put beside the run's own outputs. A word alone is the address."""

    short_forms = ({"type": "string"},)

    target: Word = Field(description="A path, or an address such as `s3://bucket/folder/`.")
    name: Text = Field(
        "{run_id}-{output}", description="The file name, with {run_id}, {output} and inputs in braces."
    )
    secret: SecretRef | None = Field(None, description="The secret that the target asks for.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"target": short} if isinstance(short, str) else short


class BatchSpec(Part):
    """Many runs of one deployment."""

    deployment: Annotated[Name, Names("WorkflowDeployment")] = Field(
        description="The WorkflowDeployment that runs."
    )
    inputs: tuple[dict[Key, Json], ...] = Field((), description="The sets of inputs, one for each run.")
    from_: Feed | None = Field(None, alias="from", description="Where sets of inputs come from instead.")
    shared: dict[Key, Json] = Field(default_factory=dict, description="Inputs that all runs have.")
    matrix: dict[Key, tuple[Json, ...]] = Field(
        default_factory=dict, description="Inputs with several values each: one run for every combination."
    )
    parallelism: Annotated[int, Field(ge=1, le=10_000), WHOLE] = Field(4, description="Runs at once.")
    chunk: Annotated[int, Field(ge=1, le=100_000), WHOLE] = Field(
        100, description="Runs that are submitted together."
    )
    attempts: Annotated[int, Field(ge=1, le=10), WHOLE] = Field(
        2, description="How often a failing run is tried."
    )
    on_error: Literal["continue", "stop"] = Field(
        "continue", description="What a run that fails for good does to the rest."
    )
    timeout: Duration | None = Field(None, description="How long the whole may take; no limit unless said.")
    limit: Allowance | None = Field(None, description="What the whole may cost; no limit unless said.")
    priority: Annotated[int, Field(ge=-100, le=100), WHOLE] = Field(
        -10, description="Its place in the queue; runs have 0."
    )
    outputs: Delivery | None = Field(None, description="Where results are put beside the runs' own outputs.")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.inputs) + (self.from_ is not None) + bool(self.matrix) != 1:
            raise ValueError("give one of inputs, from and matrix")
        return self


class Batch(Document):
    """Many runs of one deployment: their inputs, how many at once, and what an error does."""

    kind: Literal["Batch"] = Field("Batch", description="`Batch`.")
    spec: BatchSpec = Field(description="The batch.")
