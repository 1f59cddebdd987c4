"""The kinds of documents, one file each."""

from flowscale_specs.kinds.base import API_VERSION, Document, Metadata, Names, Part, SecretRef, fields_of
from flowscale_specs.kinds.batch import Batch
from flowscale_specs.kinds.budget import Budget
from flowscale_specs.kinds.deployment import WorkflowDeployment
from flowscale_specs.kinds.environment import Environment
from flowscale_specs.kinds.gpu import GpuType
from flowscale_specs.kinds.model import Model
from flowscale_specs.kinds.pipeline import Pipeline
from flowscale_specs.kinds.policy import Policy
from flowscale_specs.kinds.project import Project
from flowscale_specs.kinds.promotion import Promotion
from flowscale_specs.kinds.schedule import Schedule
from flowscale_specs.kinds.workflow import Workflow

KINDS: dict[str, type[Document]] = {
    kind.__name__: kind
    for kind in (
        Project,
        Workflow,
        WorkflowDeployment,
        GpuType,
        Budget,
        Environment,
        Promotion,
        Batch,
        Schedule,
        Pipeline,
        Model,
        Policy,
    )
}
"""All kinds by name, in the order a reader meets them."""

__all__ = [
    "API_VERSION",
    "KINDS",
    "Batch",
    "Budget",
    "Document",
    "Environment",
    "GpuType",
    "Metadata",
    "Model",
    "Names",
    "Part",
    "Pipeline",
    "Policy",
    "Project",
    "Promotion",
    "Schedule",
    "SecretRef",
    "Workflow",
    "WorkflowDeployment",
    "fields_of",
]
