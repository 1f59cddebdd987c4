"""A stand-in for Pulumi's Python language host: a test fixture, not for use.

`pulumi up` from a shell asks it which plugins a program needs (none but those on PATH) and to run the program.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from harness.standins import protocol

RUNNER = """
import asyncio, json, pathlib, runpy, sys
import pulumi.runtime
told = json.load(sys.stdin)
pulumi.runtime.set_all_config(told["config"], told["secrets"])
pulumi.runtime.configure(pulumi.runtime.Settings(**told["settings"]))
target = pathlib.Path(told["program"])
main = lambda: runpy.run_path(str(target), run_name="__main__")
loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(pulumi.runtime.run_in_stack(main))
except pulumi.RunError as error:
    pulumi.log.error(str(error))
    sys.exit(1)
finally:
    loop.close()
"""


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The language host's protocol."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="3.0.0")

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version="3.11")

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        settings = {
            "project": request.project,
            "stack": request.stack,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization or "organization",
            "monitor": request.monitor_address,
            "engine": self._engine,
            "root_directory": request.info.root_directory,
        }
        told = {
            "config": dict(request.config),
            "secrets": list(request.configSecretKeys),
            "settings": settings,
            "program": request.info.program_directory or request.pwd,
        }
        entry = request.info.entry_point
        if entry and entry != ".":
            told["program"] = str(Path(told["program"]) / entry)
        done = subprocess.run(
            [sys.executable, "-c", RUNNER],
            cwd=request.pwd,
            input=json.dumps(told),
            text=True,
            stdout=sys.stderr,
            env={**os.environ, "PULUMI_CONFIG": "{}"},
            check=False,
        )
        if done.returncode:
            return language_pb2.RunResponse(error=f"Program exited with code {done.returncode}", bail=True)
        return language_pb2.RunResponse()


if __name__ == "__main__":
    address = sys.argv[-1]
    protocol.serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(address), server)
    )
