"""`Model`: a network that Triton serves beside the graphs."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowscale_specs.kinds.base import Document, Names, Part, SecretRef
from flowscale_specs.kinds.fields import WHOLE, Name, Natural, Positive, Text, Word
from flowscale_specs.values import Duration, Memory, Sha256, Version

DataType = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64",
    "STRING",
]  # fmt: skip

_CODE = re.compile(r"[^:]+\.py:[A-Za-z_]\w*\Z")
_HALF = ("none", "fp16")
_QUANTIZED = {"torchscript": _HALF, "export": _HALF, "safetensors": (*_HALF, "int8")}


class Tensor(Part):
    """A tensor that goes in or comes out."""

    name: Word = Field(description="Its name in the network.")
    type: DataType = Field("FP32", description="Its data type.")
    shape: tuple[Annotated[int, Field(ge=-1), WHOLE], ...] = Field(
        description="Its dimensions without the batch; -1 is any size."
    )
    optional: bool = Field(False, description="Whether a request may leave it out.")


class Batching(Part):
    """Requests of several runs in one pass. `false` alone turns it off, a number is the greatest batch."""

    short_forms = ({"type": ["boolean", "integer"]},)

    enabled: bool = Field(True, description="Whether requests are put together.")
    max: Annotated[int, Field(ge=1, le=4096), WHOLE] = Field(8, description="Requests in one pass at most.")
    delay: Duration = Field(Duration(0.005), description="How long a request waits for others.")
    preferred: tuple[Positive, ...] = Field((), description="Batch sizes that run best.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        if isinstance(short, bool):
            return {"enabled": short}
        return {"max": short} if isinstance(short, int) else short

    @model_validator(mode="after")
    def _preferred_fit(self) -> Self:
        if any(size > self.max for size in self.preferred):
            raise ValueError(f"a preferred size is above max {self.max}")
        return self


class Instances(Part):
    """Copies of the network. A number alone is the count."""

    short_forms = ({"type": "integer"},)

    count: Annotated[int, Field(ge=1, le=64), WHOLE] = Field(1, description="Copies on each device.")
    gpu: Annotated[Name, Names("GpuType")] = Field("CPU", description="The GpuType that they need.")

    @classmethod
    def expand(cls, short: Any) -> Any:
        return {"count": short} if isinstance(short, int) and not isinstance(short, bool) else short


class QueuePolicy(Part):
    """What waits, and in which order."""

    size: Natural = Field(0, description="Requests that may wait; 0 is no limit.")
    priorities: Annotated[int, Field(ge=1, le=100), WHOLE] = Field(1, description="Levels of priority.")
    timeout: Duration | None = Field(None, description="How long a request may wait.")


class ModelSpec(Part):
    """A network that Triton serves beside the graphs: nodes of all runs call it and share its batches."""

    format: Literal["onnx", "torchscript", "export", "safetensors", "tensorrt", "openvino"] = Field(
        description="How it is stored; `export` is torch.export, `safetensors` needs `code`. tensorrt and openvino need "
        "a Triton server with that backend.",
    )
    code: Word | None = Field(
        None,
        description="The class that safetensors weights are loaded into: `file.py:Class`, made without arguments.",
    )
    quantization: Literal["none", "fp16", "int8"] = Field(
        "none",
        description="Smaller numbers: fp16 for torchscript, export and safetensors, int8 for safetensors.",
    )
    cache: bool = Field(False, description="Whether Triton answers a repeated request from its cache.")
    file: Word = Field(description="The file, relative to the spec's folder, or an https address.")
    sha256: Sha256 | None = Field(None, description="Its checksum; an address needs it.")
    token: SecretRef | None = Field(None, description="The secret that its source asks for.")
    version: Version = Field(Version("1.0.0"), description="Its semantic version.")
    description: Text = Field("", description="What it computes, for people.")
    inputs: Annotated[tuple[Tensor, ...], Field(min_length=1)] = Field(description="Tensors that go in.")
    outputs: Annotated[tuple[Tensor, ...], Field(min_length=1)] = Field(description="Tensors that come out.")
    batching: Batching = Field(default_factory=Batching, description="Requests of several runs in one pass.")
    instances: Instances = Field(default_factory=Instances, description="Copies of the network.")
    memory: Memory | None = Field(None, description="GPU memory of one copy.")
    queue: QueuePolicy = Field(default_factory=QueuePolicy, description="What waits, and in which order.")
    warmup: Annotated[int, Field(ge=0, le=100), WHOLE] = Field(
        1, description="Passes on zeros before it takes requests."
    )

    @model_validator(mode="after")
    def _known_file(self) -> Self:
        if self.file.startswith(("http://", "https://")) and self.sha256 is None:
            raise ValueError("an address needs its checksum: add sha256")
        return self

    @model_validator(mode="after")
    def _loadable(self) -> Self:
        if (self.format == "safetensors") != (self.code is not None):
            raise ValueError("code belongs to the format safetensors, which needs it: file.py:Class")
        if self.code is not None and not _CODE.match(self.code):
            raise ValueError("code names a file and a class in it, such as net.py:Net")
        if self.quantization not in _QUANTIZED.get(self.format, ("none",)):
            raise ValueError(f"the format {self.format} can't be quantised to {self.quantization}")
        return self


class Model(Document):
    """A network that Triton serves beside the graphs: file, tensors, batching, instances."""

    executes: ClassVar[bool] = True

    kind: Literal["Model"] = Field("Model", description="`Model`.")
    spec: ModelSpec = Field(description="The network.")
