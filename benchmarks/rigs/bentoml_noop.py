"""A BentoML service that gives back what it got. Runs in BentoML's environment.

bentoml serve bentoml_noop:Noop --port PORT
"""

import bentoml


@bentoml.service
class Noop:
    """Does nothing."""

    @bentoml.api
    async def echo(self, text: str) -> str:
        """The input."""
        return text
