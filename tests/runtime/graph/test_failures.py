"""Failures: they name node, title, class and input, and say what to do."""

from __future__ import annotations

import asyncio
import logging

import pytest

from flowscale_runtime.graph import InputRefused
from flowscale_runtime.graph.failures import shown
from flowscale_runtime.graph.hints import hint_for, is_out_of_memory
from flowscale_runtime.graph.testing import api, node_class


def fail(make_bench, function, required=None, **inputs):
    bench = make_bench({"Probe": node_class(function, required=required, returns=("INT",))})
    outcome = bench.run({"1": api("Probe", "My probe", **inputs), "2": api("Show", value=["1", 0])})
    assert outcome.status == "failed"
    return outcome.error


def raising(error):
    def work(**_):
        raise error

    return work


def test_a_failure_names_node_title_class_and_exception(make_bench):
    error = fail(make_bench, raising(ValueError("no good")))
    assert (error.node_id, error.title, error.class_type) == ("1", "My probe", "Probe")
    assert (error.exception_type, error.message) == ("ValueError", "no good")
    assert str(error) == "node 1 (My probe), Probe: ValueError: no good"


def test_the_traceback_starts_in_the_node(make_bench):
    trace = "".join(fail(make_bench, raising(ValueError("no good"))).traceback)
    assert "in work" in trace
    assert "flowscale_runtime" not in trace


def test_nodes_can_refuse_an_input(make_bench):
    error = fail(make_bench, raising(InputRefused("image", "is empty", hint="load one")))
    assert (error.input, error.message, error.hint) == ("image", "is empty", "load one")
    assert "input 'image'" in str(error)


def test_a_missing_argument_is_named(make_bench):
    error = fail(make_bench, lambda a, b: (1,), required={"a": ("INT",), "b": ("INT",)}, a=1)
    assert (error.input, error.exception_type) == ("b", "TypeError")
    assert error.hint == "connect the missing input"


def test_an_argument_too_many_is_named(make_bench):
    error = fail(make_bench, lambda a: (1,), required={"a": ("INT",), "b": ("INT",)}, a=1, b=2)
    assert error.input == "b"


def test_the_values_that_reached_the_node_are_shown_briefly(make_bench):
    class Tensor:
        shape = (1, 64, 64, 3)
        dtype = "float32"

    def work(**_):
        raise ValueError("x")

    error = fail(
        make_bench, work, required={"a": ("*",), "b": ("*",), "c": ("*",)}, a="x" * 1000, b={"k": 1}, c=2
    )
    assert error.inputs == {"a": ["x" * 200], "b": ["dict of 1"], "c": ["2"]}
    assert shown(Tensor()) == "Tensor(1, 64, 64, 3) float32"
    assert shown(object()) == "object"


@pytest.mark.parametrize("value", [5, "text", object()])
def test_what_is_no_result_is_refused(make_bench, value):
    error = fail(make_bench, lambda: value)
    assert error.exception_type.endswith("BadReturn")
    assert type(value).__name__ in error.message
    assert "return (value,)" in error.hint


def test_leaving_the_interpreter_is_only_a_failure(make_bench):
    assert fail(make_bench, raising(SystemExit(3))).exception_type == "SystemExit"


def test_stop_iteration_is_only_a_failure(make_bench):
    assert "StopIteration" in fail(make_bench, raising(StopIteration("x"))).message


def test_endless_recursion_is_only_a_failure(make_bench):
    def work():
        return work()

    assert "loop" in fail(make_bench, work).hint


def test_exceptions_without_text_are_told_by_name(make_bench):
    assert fail(make_bench, raising(NotImplementedError())).message == "NotImplementedError"


class OutOfMemoryError(RuntimeError):
    pass


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OutOfMemoryError("CUDA out of memory"), "batch"),
        (MemoryError(), "batch"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "batch"),
        (FileNotFoundError(2, "No such file"), "file exists"),
        (PermissionError(13, "Permission denied"), "right"),
        (ModuleNotFoundError("No module named 'cv2'"), "install"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (77x768 and 1024x320)"), "matching size"),
        (RuntimeError("The size of tensor a (64) must match the size of tensor b (32)"), "matching size"),
        (RuntimeError("expected scalar type Half but found Float"), "number type"),
        (RuntimeError("Expected all tensors to be on the same device"), "one device"),
        (TypeError("'NoneType' object is not subscriptable"), "connect"),
        (AttributeError("'str' object has no attribute 'shape'"), "right kind"),
        (AttributeError("'NoneType' object has no attribute 'shape'"), "connect"),
        (TypeError("unsupported operand type(s) for +: 'int' and 'str'"), "types of the inputs"),
        (KeyError("samples"), "right kind"),
        (TimeoutError(), "time limit"),
    ],
)
def test_common_failures_come_with_advice(error, word):
    assert word in hint_for(error)


def test_no_advice_is_better_than_bad_advice():
    assert hint_for(ValueError("seventeen")) is None


def test_out_of_memory_asks_others_to_let_go(make_bench):
    asked = []
    bench = make_bench(
        {"Probe": node_class(raising(MemoryError()), OUTPUT_NODE=True)}, out_of_memory=lambda: asked.append(1)
    )
    assert bench.run({"1": api("Probe")}).status == "failed"
    assert asked == [1]
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(ValueError())


def test_a_failing_fingerprint_is_logged_with_the_node(make_bench, caplog, monkeypatch):
    # Whatever other tests of this process have done to logging.
    monkeypatch.setattr(logging.getLogger("flowscale_runtime.graph.fingerprints"), "disabled", False)
    cls = node_class(lambda: (1,), returns=("INT",), IS_CHANGED=staticmethod(lambda: 1 / 0))
    with caplog.at_level(logging.WARNING):
        make_bench({"Probe": cls}).shown({"1": api("Probe"), "2": api("Show", value=["1", 0])})
    assert "node 1 (Probe)" in caplog.text


class OddError(BaseException):
    pass


@pytest.mark.parametrize("error", [OddError("odd"), asyncio.CancelledError("own"), GeneratorExit("x")])
def test_whatever_a_node_raises_is_only_a_failure(make_bench, error):
    assert fail(make_bench, raising(error)).message in {"odd", "own", "x"}


def test_a_class_that_cannot_be_read_fails_the_run(make_bench):
    class Broken:
        FUNCTION = "work"

        @classmethod
        def INPUT_TYPES(cls):
            raise OSError("no models folder")

    error = make_bench({"Broken": Broken}).run({"1": api("Broken"), "2": api("Show", value=["1", 0])}).error
    assert (error.node_id, error.class_type) == ("1", "Broken")
    assert "no models folder" in error.message


def test_a_node_that_cannot_be_made_is_a_failure(make_bench):
    cls = node_class(lambda: (1,), returns=("INT",))
    cls.__init__ = lambda self: (_ for _ in ()).throw(ValueError("no card"))
    error = make_bench({"Probe": cls}).run({"1": api("Probe"), "2": api("Show", value=["1", 0])}).error
    assert (error.node_id, error.message) == ("1", "no card")
