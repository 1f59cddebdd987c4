"""The steps of a `Pipeline`: actions, and what holds steps together."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from flowscale_specs.kinds.base import Names, Part, SecretRef
from flowscale_specs.kinds.fields import TEXT, WHOLE, Json, Key, Name, Text, WebUrl, Word
from flowscale_specs.values import Duration, Memory

Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000), TEXT]
"""A CEL expression over `inputs`, `steps`, `item` and `error`."""

ACTIONS = (
    "run", "batch", "pipeline", "validate", "approve", "http", "extract", "transform", "load",
    "steps", "parallel", "switch", "for_each", "repeat",
)  # fmt: skip


class Retry(Part):
    """How often a failing step is tried again. A number alone is the attempts."""

    short_forms = ({"type": "integer"},)

    attempts: Annotated[int, Field(ge=1, le=20), WHOLE] = Field(
        3, description="Attempts at most, the first included."
    )
    delay: Duration = Field(Duration(10), description="How long to wait before the second.")
    factor: Annotated[float, Field(ge=1, le=10)] = Field(
        2, description="How much longer each further wait is."
    )

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"attempts": short} if isinstance(short, int) else short


class OutputRules(Part):
    """What files must be like."""

    min_resolution: Annotated[str, StringConstraints(pattern=r"^[0-9]+x[0-9]+$"), TEXT] | None = Field(
        None, description="The least width and height: `1024x1024`."
    )
    max_file_size: Memory | None = Field(None, description="The size of a file at most.")
    format: tuple[Text, ...] = Field((), description="File formats that pass: png, jpg, webp ...")
    condition: Expression | None = Field(None, description="A CEL expression over `value` that must hold.")


class Validation(Part):
    """A check of what earlier steps gave."""

    value: Text = Field(description="What is checked: `${steps.name.output}`.")
    rules: OutputRules = Field(default_factory=OutputRules, description="What it must be like.")


class ApprovalStep(Part):
    """A person who must agree before the pipeline goes on."""

    by: Annotated[tuple[Word, ...], Field(min_length=1)] = Field(
        description="Who may agree: members or groups."
    )
    message: Text = Field("", description="What they are asked.")
    timeout: Duration = Field(
        Duration(172_800), description="How long they are waited for; then the step fails."
    )


class HttpCall(Part):
    """A call to another service. The address alone is a short form."""

    short_forms = ({"type": "string"},)

    url: WebUrl = Field(description="The address.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="The method.")
    headers: dict[Text, Text] = Field(
        default_factory=dict, description="Headers; secrets belong in `secret`."
    )
    body: Json = Field(None, description="A JSON body.")
    secret: SecretRef | None = Field(None, description="The secret that is sent as bearer token.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"url": short} if isinstance(short, str) else short


class DataSource(Part):
    """Rows or files from elsewhere."""

    kind: Literal["database", "store", "http"] = Field(description="What it is.")
    query: Text | None = Field(None, description="For `database`: the SQL query.")
    path: Text | None = Field(
        None, description="For `store`: the address of a folder; for `http`: the address."
    )
    secret: SecretRef | None = Field(
        None, description="The secret that it asks for, or that holds its address."
    )


class Transformation(Part):
    """Operations on the rows or files of another step, in order."""

    value: Text = Field(description="What is worked on: `${steps.name}`.")
    operations: Annotated[tuple[dict[Text, Json], ...], Field(min_length=1)] = Field(
        description='Operations such as `{resize: [1024, 1024]}`, `{select: "row.stock > 0"}`, `{rename: {a: b}}`.'
    )


class DataTarget(Part):
    """Where rows or files go."""

    value: Text = Field(description="What is put there: `${steps.name}`.")
    kind: Literal["database", "store", "http"] = Field(description="What it is.")
    table: Word | None = Field(None, description="For `database`: the table.")
    path: Text | None = Field(
        None, description="For `store`: the address of a folder; for `http`: the address."
    )
    secret: SecretRef | None = Field(
        None, description="The secret that it asks for, or that holds its address."
    )


class Case(Part):
    """One branch."""

    if_: Expression | None = Field(
        None, alias="if", description="When it is taken; the last case may leave it out."
    )
    steps: Annotated[tuple["Step", ...], Field(min_length=1)] = Field(description="What is done then.")


class Loop(Part):
    """Steps once for each item."""

    items: Json = Field(description="A list, or `${...}` that gives one. Steps see `${item}` and `${index}`.")
    parallelism: Annotated[int, Field(ge=1, le=1000), WHOLE] = Field(1, description="Items at once.")
    steps: Annotated[tuple["Step", ...], Field(min_length=1)] = Field(description="What is done for each.")


class Repetition(Part):
    """Steps again and again until something holds."""

    until: Expression = Field(description="When it ends, looked at after each time.")
    most: Annotated[int, Field(ge=1, le=1000), WHOLE] = Field(
        10, description="How often at most; then the step fails."
    )
    steps: Annotated[tuple["Step", ...], Field(min_length=1)] = Field(description="What is done each time.")


class Step(Part):
    """One step: exactly one action, and when, how often and after what it is done."""

    name: Key = Field(description="What other steps call it: `${steps.name.output}`.")
    if_: Expression | None = Field(
        None, alias="if", description="A CEL expression; the step is left out when false."
    )
    after: tuple[Key, ...] = Field(
        (), description="Steps that come first; the step before unless `parallel` holds it."
    )
    inputs: dict[Key, Json] = Field(
        default_factory=dict, description="Inputs of `run`, `batch` or `pipeline`."
    )

    run: Annotated[Name, Names("WorkflowDeployment")] | None = Field(
        None, description="Action: a run of a deployment."
    )
    batch: Annotated[Name, Names("Batch")] | None = Field(None, description="Action: a batch.")
    pipeline: Annotated[Name, Names("Pipeline")] | None = Field(None, description="Action: another pipeline.")
    validate_: Validation | None = Field(
        None, alias="validate", description="Action: a check of what came before."
    )
    approve: ApprovalStep | None = Field(None, description="Action: wait for a person.")
    http: HttpCall | None = Field(None, description="Action: call another service.")
    extract: DataSource | None = Field(None, description="Action: get rows or files.")
    transform: Transformation | None = Field(None, description="Action: change rows or files.")
    load: DataTarget | None = Field(None, description="Action: put rows or files somewhere.")
    steps: tuple["Step", ...] = Field((), description="Action: steps one after the other.")
    parallel: tuple["Step", ...] = Field((), description="Action: steps at the same time.")
    switch: tuple[Case, ...] = Field((), description="Action: the first case that holds.")
    for_each: Loop | None = Field(None, description="Action: steps once for each item.")
    repeat: Repetition | None = Field(None, description="Action: steps until something holds.")

    retry: Retry | None = Field(None, description="How often it is tried again when it fails.")
    timeout: Duration | None = Field(None, description="How long it may take.")
    on_error: Literal["fail", "continue"] = Field(
        "fail", description="What its failure does to the pipeline."
    )
    handler: tuple["Step", ...] = Field(
        (), description="Steps that are done when it fails; they see `${error}`."
    )

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        given = [name for name in ACTIONS if getattr(self, "validate_" if name == "validate" else name)]
        if len(given) != 1:
            found = f"not {' and '.join(given)}" if given else "it has none"
            raise ValueError(
                f"a step has exactly one action, {found}: run, batch, pipeline, validate, approve ..."
            )
        if any(case.if_ is None for case in self.switch[:-1]):
            raise ValueError("only the last case may leave out if")
        return self
