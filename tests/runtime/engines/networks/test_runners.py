"""Every format of a network computes the same, here."""

import pytest
import torch

from flowscale_runtime.engines.networks import quality, runners
from flowscale_runtime.engines.networks.errors import BadTensor, CantLoad
from flowscale_runtime.engines.networks.lazy import Lazy
from flowscale_runtime.engines.networks.local import LocalNetworks
from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.nodes.forward import UnknownNetwork

FORMATS = ("torchscript", "export", "safetensors", "onnx")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_computes_what_the_module_does(network, module, kind):
    pixels = torch.rand(2, 3, 5, 7)
    (found,) = runners.load(network(kind))([pixels])
    assert torch.allclose(found, module(pixels), atol=1e-6)


def test_a_network_is_itself_again_after_json(network):
    for one in (network(), network("onnx", preferred=(2, 4), cache=True)):
        assert Network.from_json(one.to_json()) == one


@pytest.mark.parametrize("quantization", ["fp16", "int8"])
def test_quantisation_loses_little_and_says_how_much(network, quantization):
    loss = quality.measure(network(quantization=quantization))
    assert 0 < loss.mean <= loss.largest < 0.02
    assert loss.decibels > 30
    assert str(loss).endswith("dB")


def test_the_same_answer_has_no_loss():
    same = [torch.ones(3)]
    assert str(quality.compared(same, same)) == "mean error 0, largest 0, inf dB"


def test_a_format_of_another_backend_says_which_there_are(network):
    with pytest.raises(CantLoad, match=r"tensorrt.*torchscript, export, safetensors, onnx"):
        runners.load(network(format="tensorrt"))


def test_a_damaged_file_is_an_error_that_names_network_and_file(network, tmp_path):
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no network")
    with pytest.raises(CantLoad, match=r"net can't be loaded from broken\.pt"):
        runners.load(network("torchscript", file=broken))


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 4, 5, 7), (1, 3, 5)])
def test_a_tensor_of_another_shape_is_refused(network, shape):
    with pytest.raises(BadTensor, match=r"pixels has the shape|takes"):
        runners.check(network(), [torch.rand(shape)])


def test_local_networks_load_once_and_know_their_names(network):
    networks = Lazy([network().to_json()])
    pixels = torch.rand(1, 3, 4, 4)
    assert networks.names == ("net",)
    assert torch.equal(networks.forward("net", [pixels])[0], networks.forward("net", [pixels])[0])
    with pytest.raises(UnknownNetwork, match="there is no Model 'nett'"):
        networks.forward("nett", [pixels])


def test_networks_over_the_budget_leave_in_turn(network):
    size = 1000
    both = [network(name=name, memory=size) for name in ("a", "b", "c")]
    networks = LocalNetworks(both, budget=2 * size, device="cpu")
    pixels = torch.rand(1, 3, 4, 4)
    for name in ("a", "b", "a", "c"):
        networks.forward(name, [pixels])
    assert networks.resident == (both[0].model, both[2].model)
