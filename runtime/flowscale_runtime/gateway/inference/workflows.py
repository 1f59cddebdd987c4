"""A workflow as a model: its typed inputs and outputs as tensors.

    input                       tensor
    string, json                BYTES [1]: text
    integer                     INT64 [1]
    number                      FP32 [1]
    boolean                     BOOL [1]
    image, mask                 BYTES [1]: an encoded file, or its URL; UINT8 [H, W, 3] is taken as well
    video, audio, file, model   BYTES [1]: the file, or its URL

An input that takes many values has the shape [-1]. Outputs are BYTES [-1], one element a file; asked for with the
parameter `datatype: UINT8`, pictures come as UINT8 [N, H, W, 3].
"""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image, ImageSequence, UnidentifiedImageError
from starlette.datastructures import UploadFile

from flowscale_runtime.engines.networks.values import Port, Tensor
from flowscale_runtime.gateway.errors import InvalidInputs
from flowscale_runtime.gateway.inference import tensors
from flowscale_runtime.gateway.inference.messages import Question, Wanted
from flowscale_workflows.interface import Input, Interface, Output

_TYPES = {"integer": "INT64", "number": "FP32", "boolean": "BOOL"}
_REFERENCE = re.compile(rb"(https?://|data:)\S+\Z|[0-9a-f]{64}(\.\w+)?\Z", re.IGNORECASE)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def inputs(interface: Interface) -> tuple[Port, ...]:
    """What a caller may give."""
    return tuple(
        Port(item.public_name, _TYPES.get(item.type, "BYTES"), (-1,) if item.many else (1,))
        for item in interface.inputs
    )


def outputs(interface: Interface) -> tuple[Port, ...]:
    """What comes out."""
    return tuple(Port(item.public_name, "BYTES", (-1,)) for item in interface.outputs)


def values(interface: Interface, question: Question) -> dict[str, Any]:
    """The inputs of a run: texts, numbers and uploads by name. Raises InvalidInputs."""
    found = {}
    for tensor in question.inputs:
        item = interface.by_name.get(tensor.name)
        if item is None:
            known = [one.public_name for one in interface.inputs]
            raise InvalidInputs(
                f"There is no input {tensor.name!r}: there are {', '.join(known) or 'none'}.",
                field=tensor.name,
                reason="unknown_field",
                choices=known,
            )
        given = _given(item, tensor)
        found[tensor.name] = given if item.many else _single(tensor.name, given)
    return found


def chosen(interface: Interface, question: Question) -> list[tuple[Output, Wanted]]:
    """The outputs that a caller asks for, all where it names none. Raises InvalidInputs."""
    if not question.outputs:
        return [(output, Wanted(output.public_name)) for output in interface.outputs]
    by_name = {item.name: item for item in interface.outputs}
    by_name |= {item.public_name: item for item in interface.outputs}
    missing = [one.name for one in question.outputs if one.name not in by_name]
    if missing:
        known = [one.public_name for one in interface.outputs]
        raise InvalidInputs(
            f"There is no output {missing[0]!r}: there are {', '.join(known)}.",
            field=missing[0],
            choices=known,
        )
    return [(by_name[one.name], one) for one in question.outputs]


def answered(wanted: Wanted, files: Sequence[bytes]) -> Tensor:
    """An output's files as a tensor: as they are, or as the pixels of pictures."""
    if not wanted.pixels:
        return tensors.of_values(wanted.name, "BYTES", (len(files),), files)
    try:
        frames = [frame.convert("RGB") for file in files for frame in _frames(file)]
    except (UnidentifiedImageError, OSError) as error:
        raise tensors.refused(wanted.name, "invalid_type", "gives no pictures: leave datatype out") from error
    sizes = {frame.size for frame in frames}
    if len(sizes) > 1:
        raise tensors.refused(
            wanted.name, "invalid_shape", "gives pictures of different sizes: leave datatype out"
        )
    width, height = next(iter(sizes), (0, 0))
    raw = b"".join(frame.tobytes() for frame in frames)
    return Tensor(wanted.name, "UINT8", (len(frames), height, width, 3), raw)


def _given(item: Input, tensor: Tensor) -> list[Any]:
    if item.type in {"image", "mask"} and tensor.type == "UINT8":
        return [_upload(item, png) for png in pictures(tensor)]
    found = tensors.values(tensor)
    if tensor.type == "BYTES":
        read: Callable[[Input, bytes], Any] = _file if item.is_file else _text
        return [read(item, one) for one in found]
    if item.is_file:
        raise tensors.refused(tensor.name, "invalid_type", f"is a file: send BYTES, not {tensor.type}")
    return [tensors.shortest(one) for one in found] if tensor.type in {"FP16", "FP32"} else found


def pictures(tensor: Tensor) -> list[bytes]:
    """UINT8 `[H, W, C]` or `[N, H, W, C]` as files of PNG. Raises InvalidInputs."""
    shape = tensor.shape if len(tensor.shape) == 4 else (1, *tensor.shape)
    if len(shape) != 4 or shape[3] not in _MODES or not all(side > 0 for side in shape):
        raise tensors.refused(
            tensor.name,
            "invalid_shape",
            f"has the shape {list(tensor.shape)}: pictures are [H, W, 1, 3 or 4]",
        )
    tensors.checked(tensor, len(tensor.raw))
    _, height, width, depth = shape
    size = height * width * depth
    parts = (tensor.raw[start : start + size] for start in range(0, len(tensor.raw), size))
    return [_png(Image.frombytes(_MODES[depth], (width, height), part)) for part in parts]


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _frames(file: bytes) -> list[Image.Image]:
    with Image.open(io.BytesIO(file)) as image:
        return [frame.copy() for frame in ImageSequence.Iterator(image)]


def _file(item: Input, data: bytes) -> UploadFile | str:
    return data.decode() if _REFERENCE.match(data) else _upload(item, data)


def _upload(item: Input, data: bytes) -> UploadFile:
    return UploadFile(io.BytesIO(data), size=len(data), filename=item.public_name)


def _text(item: Input, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise tensors.refused(item.public_name, "invalid_type", "is not UTF-8") from error


def _single(name: str, given: list[Any]) -> Any:
    if len(given) != 1:
        raise tensors.refused(name, "too_many_values", f"takes one value, not {len(given)}")
    return given[0]
