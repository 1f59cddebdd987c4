"""ComfyUI's `comfy.cli_args`: the options of a server that was started with none."""

from __future__ import annotations

from argparse import Namespace

args = Namespace(
    listen="127.0.0.1",
    port=8188,
    cpu=False,
    lowvram=False,
    novram=False,
    highvram=False,
    gpu_only=False,
    disable_metadata=False,
    disable_all_custom_nodes=False,
    multi_user=False,
    preview_method=None,
    verbose="INFO",
    base_directory=None,
    output_directory=None,
    input_directory=None,
    temp_directory=None,
    user_directory=None,
    extra_model_paths_config=None,
)
