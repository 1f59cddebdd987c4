"""Pipelines: steps with conditions, loops and handlers over deployed workflows."""
