"""Batches, schedules, pipelines and promotions as Argo templates, written with hera: plain objects like all others."""

from flowscale_stacks.pipelines.compiling import compile_jobs
from flowscale_stacks.pipelines.errors import JobsError
from flowscale_stacks.pipelines.settings import Jobs

__all__ = ["Jobs", "JobsError", "compile_jobs"]
