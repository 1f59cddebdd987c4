"""The custom resources of a cluster: what a resolved deployment or budget looks like there, and back."""

from flowscale_specs.resources.conditions import Condition
from flowscale_specs.resources.converting import (
    ResourceBudget,
    ResourceDeployment,
    budget_resource_of,
    read_budget_resource,
    read_resource,
    resource_of,
    resources_of,
)
from flowscale_specs.resources.definitions import (
    BUDGETS,
    GROUP,
    VERSION,
    WORKFLOW_DEPLOYMENTS,
    Names,
    definitions,
)
from flowscale_specs.resources.project import ResourceProject
from flowscale_specs.resources.status import BudgetStatus, DeploymentStatus

__all__ = [
    "BUDGETS",
    "GROUP",
    "VERSION",
    "WORKFLOW_DEPLOYMENTS",
    "BudgetStatus",
    "Condition",
    "DeploymentStatus",
    "Names",
    "ResourceBudget",
    "ResourceDeployment",
    "ResourceProject",
    "budget_resource_of",
    "definitions",
    "read_budget_resource",
    "read_resource",
    "resource_of",
    "resources_of",
]
