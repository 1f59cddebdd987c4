"""The protocol over gRPC: `inference.GRPCInferenceService` on a port of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import grpc
from google.protobuf import json_format
from starlette.requests import Request
from tritonclient.grpc import model_config_pb2
from tritonclient.grpc import service_pb2 as protocol
from tritonclient.grpc.service_pb2_grpc import (
    GRPCInferenceServiceServicer,
    add_GRPCInferenceServiceServicer_to_server,
)

from flowscale_runtime.engines.networks.values import Tensor
from flowscale_runtime.gateway.errors import ApiError, Internal
from flowscale_runtime.gateway.inference import messages, service, tensors
from flowscale_runtime.gateway.inference.messages import Answer, Question
from flowscale_runtime.gateway.state import State

log = logging.getLogger(__name__)
LARGEST = 512 << 20  # bytes of a message; a deployment's own limit is checked after it
GRACE = 1.0  # seconds that open calls get when the server ends
CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    402: grpc.StatusCode.RESOURCE_EXHAUSTED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    410: grpc.StatusCode.ABORTED,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


@asynccontextmanager
async def serving(state: State, address: str) -> AsyncIterator[None]:
    """Answers at HOST:PORT for as long as the block lasts."""
    options = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)]
    server = grpc.aio.server(options=options)
    add_GRPCInferenceServiceServicer_to_server(Service(state), server)
    server.add_insecure_port(address)
    await server.start()
    log.warning("the Open Inference Protocol is served over gRPC on %s", address)
    try:
        yield
    finally:
        await server.stop(GRACE)


class Service(GRPCInferenceServiceServicer):  # type: ignore[misc]  # tritonclient is untyped
    """The calls of the protocol; those that aren't here answer UNIMPLEMENTED."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def ServerLive(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol names the calls
        """The process answers."""
        return protocol.ServerLiveResponse(live=True)

    async def ServerReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The specs are loaded and requests are taken."""
        return protocol.ServerReadyResponse(ready=self._state.served.ready)

    async def ServerMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """What serves."""
        return protocol.ServerMetadataResponse(**service.server())

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Whether a model takes requests."""
        call = service.ready(self._state, caller(context), request.name, request.version)
        await self._call(context, call)
        return protocol.ModelReadyResponse(ready=True)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A model's versions and tensors."""
        found = await self._metadata(request, context)
        return json_format.ParseDict(found, protocol.ModelMetadataResponse())

    async def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A model's tensors, as Triton's own clients ask for them."""
        found = await self._metadata(request, context)
        config = model_config_pb2.ModelConfig(name=found["name"], platform=found["platform"])
        for field, ports in ((config.input, found["inputs"]), (config.output, found["outputs"])):
            for port in ports:
                kind = "STRING" if port["datatype"] == "BYTES" else port["datatype"]
                field.add(
                    name=port["name"], data_type=getattr(model_config_pb2, f"TYPE_{kind}"), dims=port["shape"]
                )
        return protocol.ModelConfigResponse(config=config)

    async def RepositoryIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Every model that the caller may use."""
        found = await self._call(context, service.index(self._state, caller(context)))
        return json_format.ParseDict({"models": found}, protocol.RepositoryIndexResponse())

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Has a model compute. A caller that cancels, or whose deadline passes, ends the run."""
        return await self._call(context, self._infer(request, context))

    async def ModelStreamInfer(self, requests: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """Answers requests in their order, each with one response; an error is an answer too."""
        async for request in requests:
            try:
                answer = await self._infer(request, context)
            except ApiError as error:
                failed = protocol.ModelInferResponse(model_name=request.model_name, id=request.id)
                yield protocol.ModelStreamInferResponse(error_message=error.message, infer_response=failed)
            else:
                answer.parameters["triton_final_response"].bool_param = True
                yield protocol.ModelStreamInferResponse(infer_response=answer)

    async def _metadata(self, request: Any, context: Any) -> dict[str, Any]:
        call = service.metadata(self._state, caller(context), request.name, request.version)
        found: dict[str, Any] = await self._call(context, call)
        return found

    async def _infer(self, request: Any, context: Any) -> Any:
        call = service.infer(
            self._state, caller(context), request.model_name, request.model_version, question(request)
        )
        return response(await call)

    async def _call(self, context: Any, call: Awaitable[Any]) -> Any:
        """What a call gives; what it refuses becomes the call's status."""
        try:
            return await call
        except ApiError as error:
            await refuse(context, error)
        except (asyncio.CancelledError, grpc.aio.AbortError):
            raise
        except Exception:
            log.exception("a call failed")
            await refuse(context, Internal("The server failed; its log says more."))


async def refuse(context: Any, error: ApiError) -> NoReturn:
    """Ends a call with the status of an error; its code goes along as metadata."""
    code = CODES.get(error.status, grpc.StatusCode.INTERNAL)
    await context.abort(code, error.message, trailing_metadata=(("flowscale-code", error.code),))
    raise AssertionError("abort returns nothing")


def caller(context: Any) -> Request:
    """Who calls, as a request without a body: metadata are its headers, and the peer is its client."""
    metadata = context.invocation_metadata() or ()
    headers = [
        (key.encode(), value if isinstance(value, bytes) else value.encode()) for key, value in metadata
    ]
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/grpc",
            "query_string": b"",
            "headers": headers,
            "client": peer(context.peer()),
        }
    )


def peer(text: str) -> tuple[str, int] | None:
    """The address that gRPC calls `ipv4:127.0.0.1:4242` or `ipv6:%5B::1%5D:4242`."""
    kind, _, rest = text.partition(":")
    host, _, port = rest.replace("%5B", "").replace("%5D", "").rpartition(":")
    return (host.strip("[]"), int(port)) if kind in {"ipv4", "ipv6"} and port.isdigit() else None


def question(request: Any) -> Question:
    """A request to infer. Raises InvalidInputs."""
    raw = list(request.raw_input_contents)
    given = []
    for number, item in enumerate(request.inputs):
        shape = tuple(item.shape)
        if raw:
            if number >= len(raw):
                raise tensors.refused(item.name, "required", "has no contents")
            given.append(Tensor(item.name, item.datatype, shape, raw[number]))
        else:
            field = _CONTENTS.get(item.datatype)
            if field is None:
                raise tensors.refused(
                    item.name, "invalid_type", f"of type {item.datatype} must come as raw contents"
                )
            given.append(
                tensors.of_values(item.name, item.datatype, shape, list(getattr(item.contents, field)))
            )
    wanted = tuple(messages.wanted(one.name, plain(one.parameters)) for one in request.outputs)
    return Question(tuple(given), wanted, request.id, plain(request.parameters))


def response(answer: Answer) -> Any:
    """An answer with the contents of its tensors as bytes."""
    found = protocol.ModelInferResponse(model_name=answer.model, model_version=answer.version, id=answer.id)
    for key, value in answer.parameters.items():
        if isinstance(value, bool):
            found.parameters[key].bool_param = value
        elif isinstance(value, float):
            found.parameters[key].double_param = value
        else:
            found.parameters[key].string_param = str(value)
    for tensor in answer.outputs:
        found.outputs.add(name=tensor.name, datatype=tensor.type, shape=tensor.shape)
        found.raw_output_contents.append(tensor.raw)
    return found


def plain(parameters: Any) -> dict[str, Any]:
    """Parameters as plain values."""
    return {
        key: getattr(value, kind)
        for key, value in parameters.items()
        if (kind := value.WhichOneof("parameter_choice"))
    }
