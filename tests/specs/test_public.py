"""The public door is what it says, and opens fast."""

from __future__ import annotations

import subprocess
import sys

import flowscale_specs


def test_all_names_exist_and_are_sorted_by_kind() -> None:
    names = flowscale_specs.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(flowscale_specs, name) for name in names)


def test_the_names_that_other_parts_use() -> None:
    assert {
        "Documents",
        "InputSpec",
        "OutputSpec",
        "ResolvedBudget",
        "ResolvedDeployment",
        "ResolvedGpu",
        "ResolvedProject",
        "ResolvedWorkflow",
        "SpecError",
        "SpecErrors",
        "json_schema",
        "load",
        "parse",
        "resolve",
    } <= set(flowscale_specs.__all__)


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, flowscale_specs, flowscale_specs.releases\n"
        "print(sorted({'torch', 'fastapi', 'numpy', 'croniter', 'rapidfuzz', 'sqlalchemy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
