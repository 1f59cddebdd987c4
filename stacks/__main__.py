"""The Pulumi program of this repository: the specs and the environment that the stack's config names."""

from flowscale_stacks.program import project_program

project_program()
