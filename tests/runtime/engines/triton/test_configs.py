"""Model configurations: made from Triton's own schema, and read only where they fit it."""

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from flowscale_runtime.engines.triton import configs
from flowscale_runtime.engines.triton.errors import BadConfig


def test_a_host_is_a_decoupled_model_of_one_instance_that_takes_and_gives_messages():
    config = configs.of_host("env-1-abc", {"host": '{"a": "quoted \\"\\n"}'}, None)
    read = text_format.Parse(configs.text(config), model_config_pb2.ModelConfig())
    assert read == config
    assert (read.backend, read.model_transaction_policy.decoupled) == ("python", True)
    assert [(group.kind, group.count) for group in read.instance_group] == [
        (model_config_pb2.ModelInstanceGroup.KIND_CPU, 1)
    ]
    assert read.parameters["host"].string_value == '{"a": "quoted \\"\\n"}'


def test_a_host_on_a_gpu_names_its_device():
    (group,) = configs.of_host("x", {}, 3).instance_group
    assert (group.kind, list(group.gpus)) == (model_config_pb2.ModelInstanceGroup.KIND_GPU, [3])


@pytest.mark.parametrize("text", ["name: 5", "nonsense: true", "max_batch_size: 'many'", "input {"])
def test_a_configuration_that_does_not_fit_the_schema_is_refused_with_its_place(tmp_path, text):
    path = tmp_path / "config.pbtxt"
    path.write_text(text)
    with pytest.raises(BadConfig, match="is no model configuration"):
        configs.read(path)


def test_a_configuration_that_fits_is_read_as_it_is(tmp_path):
    path = tmp_path / "config.pbtxt"
    path.write_text(configs.text(configs.of_host("m", {}, None)))
    assert configs.read(path) == configs.of_host("m", {}, None)
