"""`Workflow`: a workflow file, what it takes and gives, and what it needs."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from flowscale_specs.kinds.base import Document, Part, SecretRef
from flowscale_specs.kinds.fields import TEXT, Json, Key, Number, RelativePath, Text, WebUrl, Word
from flowscale_specs.kinds.interface import InputSpec, OutputSpec
from flowscale_specs.values import Duration, Memory, Percent, Sha256, Version, VersionRange


class Source(Part):
    """Where the workflow comes from: a file beside the spec, or an address with its checksum."""

    short_forms = ({"type": "string"},)

    path: RelativePath | None = Field(
        None,
        description="A file relative to the spec's folder: UI JSON, API JSON, or a PNG, WebP or video that carries a "
        "workflow.",
    )
    url: WebUrl | None = Field(None, description="An http or https address; needs `sha256`.")
    sha256: Sha256 | None = Field(None, description="The checksum that the file must have.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        if isinstance(short, str):
            return {"url" if short.startswith(("http://", "https://")) else "path": short}
        return short

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either path or url")
        if self.url is not None and self.sha256 is None:
            raise ValueError("an address needs its checksum: write {url: ..., sha256: ...}")
        return self


class ModelFile(Part):
    """A file of weights that the graph loads."""

    name: Word = Field(description="The file name that the graph's loader shows.")
    kind: Word = Field(
        "checkpoints", description="The models folder: checkpoints, loras, vae, clip, controlnet ..."
    )
    source: Word | None = Field(
        None,
        description="Where it comes from: a path, an https address, `hf:owner/repo/file` or `civitai:version`.",
    )
    sha256: Sha256 | None = Field(None, description="Its checksum; pins the file.")
    size: Memory | None = Field(None, description="How large the file is.")
    memory: Memory | None = Field(
        None, description="How much GPU memory it takes while it computes; its `size` unless said."
    )
    token: SecretRef | None = Field(None, description="The secret that its source asks for.")
    pickle: bool = Field(
        False,
        description="Whether a file may be loaded that is a pickle (`.ckpt`, `.pt`), and so could run its author's code.",
    )


class NodePack(Part):
    """A pack of nodes that the graph uses."""

    short_forms = ({"type": "string"},)

    source: Word = Field(description="A git address or a name in the node registry.")
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$"), TEXT] | None = Field(
        None, description="The commit that is installed; pins the pack."
    )
    version: VersionRange | None = Field(None, description="Versions that are accepted when it isn't pinned.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"source": short} if isinstance(short, str) else short


class GoldenOutput(Part):
    """What an output must look like."""

    short_forms = ({"type": "string"},)

    file: RelativePath | None = Field(None, description="The expected file, relative to the spec's folder.")
    text: Text | None = Field(None, description="The expected text.")
    metric: Literal["exact", "ssim", "psnr", "phash"] = Field("exact", description="How it is compared.")
    threshold: Number | None = Field(None, description="The least value of the metric that passes.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"file": short} if isinstance(short, str) else short


class GoldenTest(Part):
    """A run with known inputs whose outputs are compared."""

    name: Key = Field(description="What the test is called.")
    inputs: dict[Key, Json] = Field(
        default_factory=dict, description="Inputs of the run; files by relative path."
    )
    outputs: dict[Key, GoldenOutput] = Field(
        default_factory=dict, description="What each output must look like."
    )
    timeout: Duration = Field(Duration(600), description="How long the run may take.")
    tolerance: Percent = Field(
        Percent(0), description="How much slower than recorded it may be; 0% is not checked."
    )


class WorkflowSpec(Part):
    """A workflow file, what it takes and gives, and what it needs."""

    source: Source = Field(
        default_factory=lambda: Source(path="workflow.json"),
        description="The workflow: a file (`workflow.json` unless said), or an address with its checksum.",
    )
    version: Version = Field(Version("1.0.0"), description="The semantic version of what the file holds now.")
    description: Text = Field("", description="What the workflow does, for people.")
    inputs: dict[Key, InputSpec] | None = Field(
        None, description="The inputs that callers see, by name; found in the graph if absent."
    )
    outputs: dict[Key, OutputSpec] | None = Field(
        None, description="The outputs that callers get, by name; found in the graph if absent."
    )
    models: tuple[ModelFile, ...] = Field((), description="Files of weights that the graph loads.")
    packs: tuple[NodePack, ...] = Field((), description="Packs of nodes that the graph uses.")
    tests: tuple[GoldenTest, ...] = Field((), description="Golden tests.")


class Workflow(Document):
    """A workflow file that FlowScale can serve: what it takes, what it gives, and what it needs."""

    executes: ClassVar[bool] = True
    kind: Literal["Workflow"] = Field("Workflow", description="`Workflow`.")
    spec: WorkflowSpec = Field(default_factory=WorkflowSpec, description="The workflow.")
