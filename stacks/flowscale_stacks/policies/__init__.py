"""Policies: rules over resolved deployments, evaluated at plan and in CI, and by the API server at admission."""

from flowscale_stacks.policies.admission import admission_rule, selects
from flowscale_stacks.policies.evaluating import Finding, evaluate

__all__ = ["Finding", "admission_rule", "evaluate", "selects"]
