"""What Triton is told of a model: `config.pbtxt`, made from its protobuf and checked by it."""

from collections.abc import Mapping
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2
from tritonclient.grpc.model_config_pb2 import ModelConfig as Config

from flowscale_runtime.engines.triton.errors import BadConfig

HEAD, BLOB = "HEAD", "BLOB"  # a message: JSON, and bytes beside it


def of_host(name: str, parameters: Mapping[str, str], device: int | None) -> Config:
    """A node host as a model: messages in, a stream of messages out."""
    config = Config(name=name, backend="python", max_batch_size=0)
    config.model_transaction_policy.decoupled = True
    config.input.add(name=HEAD, data_type=model_config_pb2.TYPE_UINT8, dims=[-1])
    for tensor in (HEAD, BLOB):
        config.output.add(name=tensor, data_type=model_config_pb2.TYPE_UINT8, dims=[-1])
    place(config, 1, device)
    for key, value in parameters.items():
        config.parameters[key].string_value = value
    return config


def place(config: Config, count: int, device: int | None) -> None:
    """Copies of a model on a GPU, or on the CPU."""
    kind = model_config_pb2.ModelInstanceGroup
    if device is None:
        config.instance_group.add(count=count, kind=kind.KIND_CPU)
    else:
        config.instance_group.add(count=count, kind=kind.KIND_GPU, gpus=[device])


def text(config: Config) -> str:
    """The configuration as Triton reads it."""
    return str(text_format.MessageToString(config))


def read(path: Path) -> Config:
    """A configuration that somebody else wrote, checked against the schema. Raises BadConfig."""
    try:
        return text_format.Parse(path.read_text(), Config())
    except (text_format.ParseError, OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} is no model configuration of Triton: {error}") from error
