"""Tensors as values, as JSON and as bytes: there and back the same, and refused where they don't fit their shape."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.engines.networks.values import Tensor, joined, split
from flowscale_runtime.gateway.errors import InvalidInputs, MalformedBody
from flowscale_runtime.gateway.inference import messages, tensors

RANGES = {
    "UINT8": (0, 255),
    "INT8": (-128, 127),
    "INT32": (-(2**31), 2**31 - 1),
    "INT64": (-(2**63), 2**63 - 1),
}
ELEMENTS = st.one_of(
    *(
        st.tuples(st.just(kind), st.lists(st.integers(low, high), min_size=1))
        for kind, (low, high) in RANGES.items()
    ),
    st.tuples(st.just("BOOL"), st.lists(st.booleans(), min_size=1)),
    st.tuples(
        st.just("FP32"), st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1)
    ),
    st.tuples(st.just("BYTES"), st.lists(st.binary(max_size=40), min_size=1)),
)


@given(ELEMENTS)
def test_elements_are_the_same_after_bytes_and_after_json(elements):
    kind, wanted = elements
    tensor = tensors.of_values("x", kind, [len(wanted)], wanted)
    assert tensors.values(tensor) == wanted
    assert tensors.from_json(tensors.to_json(tensor)) == tensor


@given(st.lists(ELEMENTS, min_size=1, max_size=4), st.booleans())
def test_a_request_is_the_same_with_elements_in_json_and_with_bytes_behind_it(elements, binary):
    sent = [tensors.of_values(f"t{n}", kind, [len(v)], v) for n, (kind, v) in enumerate(elements)]
    answer = messages.Answer("m", "1", tuple(sent))
    body, headers = messages.write(answer, messages.Question((), binary=binary))
    body = body.replace(b'"outputs"', b'"inputs"', 1)
    length = headers.get(messages.LENGTH)
    if length is not None:
        length = str(int(length) - 1)
    assert list(messages.read(body, length).inputs) == sent


@given(st.lists(ELEMENTS, max_size=4))
def test_joined_tensors_come_apart_again(elements):
    sent = [tensors.of_values(f"t{n}", kind, [len(v)], v) for n, (kind, v) in enumerate(elements)]
    assert split(*joined(sent)) == sent


@given(st.floats(width=32, allow_nan=False))
def test_the_shortest_decimal_of_a_number_is_that_number_in_32_bits(value):
    assert struct.pack("<f", tensors.shortest(value)) == struct.pack("<f", value)


def test_what_was_sent_as_a_tenth_is_read_as_a_tenth():
    assert tensors.shortest(struct.unpack("<f", struct.pack("<f", 0.1))[0]) == 0.1


def test_nested_data_is_read_row_by_row():
    item = {"name": "x", "datatype": "INT32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}
    assert tensors.values(tensors.from_json(item)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor("x", "INT64", (2,), b"\0" * 8),
        Tensor("x", "INT64", (1,), b"\0" * 9),
        Tensor("x", "INT64", (-1,), b"\0" * 8),
        Tensor("x", "BYTES", (1,), b"\5\0\0\0abc"),
        Tensor("x", "BYTES", (2,), b"\3\0\0\0abc"),
        Tensor("x", "COMPLEX", (1,), b"\0" * 8),
    ],
)
def test_bytes_that_do_not_fit_type_and_shape_are_refused(tensor):
    with pytest.raises(InvalidInputs, match="'x'"):
        tensors.values(tensor)


@pytest.mark.parametrize("data", [["a"], [300], [None], [[1, 2], 3]])
def test_elements_of_another_type_are_refused(data):
    with pytest.raises(InvalidInputs, match="'x'"):
        tensors.from_json({"name": "x", "datatype": "UINT8", "shape": [len(data)], "data": data})


@pytest.mark.parametrize(
    ("body", "length"),
    [
        (b"{}", None),
        (b"[]", None),
        (b"nothing", None),
        (b'{"inputs": [{}]}', None),
        (b'{"inputs": [4]}', None),
        (b'{"inputs": []}', "900"),
        (b'{"inputs": []}', "-1"),
        (
            b'{"inputs": [{"name": "x", "datatype": "INT8", "shape": [4], "parameters": {"binary_data_size": 4}}]}ab',
            "98",
        ),
        (
            b'{"inputs": [{"name": "x", "datatype": "INT8", "shape": ["a"], "parameters": {"binary_data_size": 0}}]}',
            None,
        ),
    ],
)
def test_a_body_that_is_no_request_is_refused(body, length):
    with pytest.raises(MalformedBody):
        messages.read(body, length)
