"""A node that does what nodes should not."""

import ctypes
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from flowscale_runtime.graph import context
from flowscale_runtime.nodes import folders


def report(text):
    path = folders.current().output / "said.txt"
    path.write_text(text)
    return {"ui": {"files": [{"filename": path.name, "subfolder": "", "type": "output"}]}}


def nothing():
    return report("fine")


def raises():
    raise ValueError("the shape is wrong")


def prints():
    sys.stdout.write("a line of the node\n")
    return report("fine")


def steps():
    for step in range(100_000):
        context.current().progress(step, 100_000)
        time.sleep(0.001)


def sleeps():
    time.sleep(600)


def loops_in_c():
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10**9)


def holds_the_gil():
    ctypes.PyDLL(None).usleep(600_000_000)


def forks():
    child = "import os, time; os.setsid(); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", child])
    time.sleep(600)


def leaves_a_child():
    subprocess.Popen(["sleep", "600"])
    for step in range(100_000):
        context.current().progress(step, 100_000)
        time.sleep(0.001)


def allocates():
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 16))
        time.sleep(0.01)


def crashes():
    os.kill(os.getpid(), 11)
    time.sleep(600)  # another thread may be the one that takes the signal


def leaves():
    sys.stdout.flush()
    os._exit(3)


def waits_once():
    mark = Path(folders.current().input) / "waited"
    if not mark.exists():
        mark.touch()
        time.sleep(600)
    return report("second try")


def crashes_once():
    mark = Path(folders.current().input) / "crashed"
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return report("second try")


class Misbehave:
    """Does what it is told to."""

    RETURN_TYPES = ()
    FUNCTION = "run"
    CATEGORY = "tests"
    OUTPUT_NODE = True
    NOT_IDEMPOTENT = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"behaviour": ("STRING", {})}}

    @classmethod
    def IS_CHANGED(cls, behaviour):
        return float("nan")

    def run(self, behaviour):
        return globals()[behaviour]()


NODE_CLASS_MAPPINGS = {"Misbehave": Misbehave}
