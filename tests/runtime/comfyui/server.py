"""A server in a process of its own: python server.py FOLDER DATA PORT [users]."""

import sys
from pathlib import Path

from flowscale_runtime import wiring
from flowscale_runtime.logs import configure

if __name__ == "__main__":
    configure("json")
    folder, data = map(Path, sys.argv[1:3])
    port, users = int(sys.argv[3]), sys.argv[4:] == ["users"]
    wiring.serve(wiring.Settings(folder, data, port=0, workers=2, comfyui_port=port, comfyui_users=users))
