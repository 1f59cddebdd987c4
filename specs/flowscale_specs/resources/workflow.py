"""What a resource tells of its workflow, so that policies can speak of it."""

from pydantic import Field

from flowscale_specs.kinds.workflow import ModelFile, NodePack, WorkflowSpec
from flowscale_specs.resources.shape import NameOrNone, Shape, Whole, said


class ModelShape(Shape):
    """A file of weights that the graph loads."""

    name: str = Field(description=said(ModelFile, "name"))
    kind: str = Field(description=said(ModelFile, "kind"))
    source: NameOrNone = Field("", description=said(ModelFile, "source"))
    sha256: NameOrNone = Field("", description=said(ModelFile, "sha256"))
    size: Whole | None = Field(None, description=said(ModelFile, "size", "bytes"))


class PackShape(Shape):
    """A pack of nodes that the graph uses."""

    source: str = Field(description=said(NodePack, "source"))
    commit: NameOrNone = Field("", description=said(NodePack, "commit"))


class WorkflowShape(Shape):
    """A workflow file, and what it needs."""

    name: str = Field(description="The name of the Workflow.")
    version: str = Field(description=said(WorkflowSpec, "version"))
    description: str = Field(description=said(WorkflowSpec, "description"))
    models: tuple[ModelShape, ...] = Field(description=said(WorkflowSpec, "models"))
    packs: tuple[PackShape, ...] = Field(description=said(WorkflowSpec, "packs"))
