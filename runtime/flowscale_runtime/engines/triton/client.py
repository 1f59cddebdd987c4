"""Requests to a Triton server over gRPC: models loaded and unloaded, messages streamed, tensors in and out."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import numpy
import orjson
from tritonclient.grpc import aio
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from flowscale_runtime.engines.networks.values import Port, Tensor
from flowscale_runtime.engines.triton.configs import BLOB, HEAD
from flowscale_runtime.engines.triton.errors import CallFailed, NotServed

FINAL = "triton_final_response"
Message = tuple[dict[str, Any], bytes]


class Client:
    """An address; the connection is made when it is first used."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._made: aio.InferenceServerClient | None = None

    async def live(self) -> bool:
        """Whether the server takes requests."""
        try:
            return bool(await self._client.is_server_live())
        except InferenceServerException:
            return False

    async def load(self, name: str) -> None:
        """Loads a model of the repository. Raises NotServed."""
        try:
            await self._client.load_model(name)
        except InferenceServerException as error:
            raise NotServed(f"Triton can't load {name}: {error.message()}") from error

    async def unload(self, name: str) -> None:
        """Asks for a model's end; what is in it ends first. Raises NotServed."""
        try:
            await self._client.unload_model(name)
        except InferenceServerException as error:
            raise NotServed(f"Triton can't unload {name}: {error.message()}") from error

    async def ask(self, model: str, message: dict[str, Any]) -> AsyncGenerator[Message, None]:
        """Sends a message to a decoupled model; gives what it answers, until it has said all. Raises CallFailed.

        Leaving the iteration cancels the request.
        """
        stream = self._client.stream_infer(_one(model, orjson.dumps(message)))
        try:
            async for result, error in stream:
                if error is not None:
                    raise CallFailed(error.message())
                if (head := result.as_numpy(HEAD)) is not None:
                    yield orjson.loads(head.tobytes()), result.as_numpy(BLOB).tobytes()
                if result.get_response().parameters[FINAL].bool_param:
                    return
        except InferenceServerException as error:
            raise CallFailed(error.message()) from error
        finally:
            stream.cancel()

    async def infer(self, model: str, given: Sequence[Tensor], wanted: Sequence[Port]) -> list[Tensor]:
        """One pass of a network. Raises CallFailed."""
        inputs = [_given(tensor) for tensor in given]
        try:
            result = await self._client.infer(model, inputs)
        except InferenceServerException as error:
            raise CallFailed(error.message()) from error
        found = [(port, result.as_numpy(port.name)) for port in wanted]
        return [Tensor(port.name, port.type, one.shape, one.tobytes()) for port, one in found]

    async def close(self) -> None:
        """Ends the connection."""
        if self._made:
            await self._made.close()

    @property
    def _client(self) -> aio.InferenceServerClient:
        if self._made is None:
            self._made = aio.InferenceServerClient(self.address)
        return self._made


def _given(tensor: Tensor) -> aio.InferInput:
    array = numpy.frombuffer(tensor.raw, triton_to_np_dtype(tensor.type)).reshape(tensor.shape)
    given = aio.InferInput(tensor.name, list(tensor.shape), tensor.type)
    given.set_data_from_numpy(array)
    return given


async def _one(model: str, data: bytes) -> AsyncIterator[dict[str, Any]]:
    tensor = aio.InferInput(HEAD, [len(data)], "UINT8")
    tensor.set_data_from_numpy(numpy.frombuffer(data, numpy.uint8))
    yield {"model_name": model, "inputs": [tensor], "enable_empty_final_response": True}
