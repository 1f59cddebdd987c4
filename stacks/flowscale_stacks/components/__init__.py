"""FlowScale as Pulumi components, thin over plain Kubernetes objects, to be used in any Pulumi program."""

from flowscale_stacks.components.deployment import WorkflowDeployment
from flowscale_stacks.components.project import Project, ProjectArgs

__all__ = ["Project", "ProjectArgs", "WorkflowDeployment"]
