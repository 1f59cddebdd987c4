"""FlowScale's specs: YAML documents that declare what is served, read, checked and resolved into plain values."""

from flowscale_specs.documents import Documents, Entry
from flowscale_specs.errors import CanonicalError, SpecError, SpecErrors, Unpinned
from flowscale_specs.kinds import KINDS, Document
from flowscale_specs.kinds.interface import FILE_INPUTS, InputSpec, OutputSpec
from flowscale_specs.kinds.workflow import GoldenOutput, GoldenTest, ModelFile, NodePack
from flowscale_specs.loading import load, parse
from flowscale_specs.resolved import (
    ResolvedAuth,
    ResolvedBudget,
    ResolvedCache,
    ResolvedCors,
    ResolvedDeployment,
    ResolvedEnvironment,
    ResolvedGpu,
    ResolvedHosting,
    ResolvedJwt,
    ResolvedLimits,
    ResolvedMetric,
    ResolvedModelCache,
    ResolvedMonitoring,
    ResolvedProject,
    ResolvedRollout,
    ResolvedRoute,
    ResolvedScaling,
    ResolvedTarget,
    ResolvedToleration,
    ResolvedWebhook,
    ResolvedWindow,
    ResolvedWorkflow,
)
from flowscale_specs.resolving import resolve
from flowscale_specs.schema import json_schema, render_schema

__all__ = [
    "FILE_INPUTS",
    "KINDS",
    "CanonicalError",
    "Document",
    "Documents",
    "Entry",
    "GoldenOutput",
    "GoldenTest",
    "InputSpec",
    "ModelFile",
    "NodePack",
    "OutputSpec",
    "ResolvedAuth",
    "ResolvedBudget",
    "ResolvedCache",
    "ResolvedCors",
    "ResolvedDeployment",
    "ResolvedEnvironment",
    "ResolvedGpu",
    "ResolvedHosting",
    "ResolvedJwt",
    "ResolvedLimits",
    "ResolvedMetric",
    "ResolvedModelCache",
    "ResolvedMonitoring",
    "ResolvedProject",
    "ResolvedRollout",
    "ResolvedRoute",
    "ResolvedScaling",
    "ResolvedTarget",
    "ResolvedToleration",
    "ResolvedWebhook",
    "ResolvedWindow",
    "ResolvedWorkflow",
    "SpecError",
    "SpecErrors",
    "Unpinned",
    "json_schema",
    "load",
    "parse",
    "render_schema",
    "resolve",
]
