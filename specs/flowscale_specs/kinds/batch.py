"""`Batch`: many runs of one deployment."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import WHOLE, Json, Key, Name, Text, Word
from flowscale_specs.values import Allowance, Duration


class Feed(Part):
    """Where sets of inputs come from, one a line, a row or a file. A word alone is a path or an address."""

    short_forms = ({"type": "string"},)

    source: Word | None = Field(
        None,
        description="A path, or an address such as `s3://bucket/folder/` or `https://...`; for `sql` the database's.",
    )
    format: Literal["jsonl", "json", "csv", "parquet", "files", "sql"] | None = Field(
        None,
        description="How it is written; told by the name unless said. `files` gives each file to `input`.",
    )
    input: Key | None = Field(None, description="For `files`: the input that each file goes to.")
    query: Text | None = Field(
        None, description="For `sql`: the query, ordered so that it gives the same rows again."
    )
    columns: tuple[Word, ...] = Field((), description="The columns that are inputs; all unless said.")
    map: dict[Key, Word] = Field(default_factory=dict, description="Input -> column, where names differ.")
    secret: SecretRef | None = Field(
        None, description="For `sql`: the secret that holds the database's address, in place of `source`."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"source": short} if isinstance(short, str) else short

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.format == "files" and self.input is None:
            raise ValueError("files need input: the input that each file goes to")
        if (self.format == "sql") != (self.query is not None):
            raise ValueError("query and format: sql belong together: give both or neither")
        if (self.source is None) == (self.secret is None):
            raise ValueError("give one of source and secret")
        if self.secret is not None and self.format != "sql":
            raise ValueError("secret is for sql: other sources are opened with the environment's credentials")
        return self


class Delivery(Part):
    """Where results are put beside the run's own outputs. A word alone is the address."""

    short_forms = ({"type": "string"},)

    target: Word = Field(description="A path, or an address such as `s3://bucket/folder/`.")
    name: Text = Field(
        "{run_id}-{output}",
        description="The file name, with {run_id}, {output}, {index} and text inputs in braces.",
    )

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
        100, description="Sets of inputs that are read from the source at a time."
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

    executes: ClassVar[bool] = True
    kind: Literal["Batch"] = Field("Batch", description="`Batch`.")
    spec: BatchSpec = Field(description="The batch.")
