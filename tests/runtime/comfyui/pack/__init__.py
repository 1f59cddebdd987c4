"""Nodes whose course a test can watch and steer."""

import time
from pathlib import Path

from flowscale_runtime.graph.builder import GraphBuilder
from flowscale_runtime.graph.context import current


class Show:
    CATEGORY, FUNCTION, OUTPUT_NODE, RETURN_TYPES = "test", "run", True, ()

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"forceInput": True})}}

    def run(self, text):
        return {"ui": {"text": [text]}}


class Steps:
    """Reports `count` steps, with a picture at the last one."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("STRING",)

    @classmethod
    def INPUT_TYPES(cls):
        required = {"count": ("INT", {"default": 3}), "salt": ("STRING", {"default": ""})}
        return {"required": required, "optional": {"delay": ("FLOAT", {"default": 0.0})}}

    def run(self, count, salt, delay=0.0):
        from PIL import Image

        for step in range(1, count + 1):
            picture = Image.new("RGB", (4, 4), "red") if step == count else None
            current().progress(step, count, picture)
            time.sleep(delay)
        return (f"{count} steps",)


class WaitFor:
    """Runs until the file is there, or it is interrupted."""

    CATEGORY, FUNCTION, RETURN_TYPES, NOT_IDEMPOTENT = "test", "run", ("STRING",), True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"path": ("STRING", {})}}

    @classmethod
    def IS_CHANGED(cls, path):
        return float("nan")

    def run(self, path):
        while not Path(path).exists():
            current().check()
            time.sleep(0.005)
        return (path,)


class Fail:
    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("STRING",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"message": ("STRING", {"default": ""})}}

    def run(self, message):
        raise ValueError(message)


class Expand:
    """Becomes a graph that shows its text."""

    CATEGORY, FUNCTION, RETURN_TYPES = "test", "run", ("STRING",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"default": 1}), "salt": ("STRING", {"default": ""})}}

    def run(self, count, salt):
        graph = GraphBuilder()
        steps = graph.node("TestSteps", count=count, salt=salt)
        return {"result": (steps.out(0),), "expand": graph.finalize()}


class Secret:
    """Says whether the run has a key."""

    CATEGORY, FUNCTION, RETURN_TYPES, NOT_IDEMPOTENT = "test", "run", ("STRING",), True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "hidden": {"key": "API_KEY_COMFY_ORG", "info": "EXTRA_PNGINFO"}}

    @classmethod
    def IS_CHANGED(cls):
        return float("nan")

    def run(self, key=None, info=None):
        return (f"{key} {(info or {}).get('workflow', {}).get('id')}",)


NODE_CLASS_MAPPINGS = {
    "TestShow": Show,
    "TestSteps": Steps,
    "TestWait": WaitFor,
    "TestFail": Fail,
    "TestExpand": Expand,
    "TestSecret": Secret,
}
