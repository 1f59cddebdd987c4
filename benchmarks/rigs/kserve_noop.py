"""KServe's Python server with a model that gives back what it got. Runs in KServe's environment.

python kserve_noop.py --http_port PORT --grpc_port PORT
"""

import argparse
from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server


class Noop(Model):
    """Does nothing, in both protocols."""

    def __init__(self) -> None:
        super().__init__("noop")
        self.ready = True

    async def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        """The input."""
        if isinstance(payload, InferRequest):
            given = payload.inputs[0]
            output = InferOutput(given.name, given.shape, given.datatype, given.data)
            return InferResponse(payload.id or "", "noop", [output])
        return {"predictions": payload["instances"]}


if __name__ == "__main__":
    options = argparse.ArgumentParser(parents=[model_server.parser]).parse_args()
    ModelServer(http_port=options.http_port, grpc_port=options.grpc_port).start([Noop()])
