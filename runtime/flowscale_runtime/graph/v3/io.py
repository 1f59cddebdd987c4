"""The names that authors of schema nodes use: `io.Schema`, `io.Image.Input`, `io.NodeOutput` and so on."""

from ..builder import GraphBuilder
from .choices import Combo, MultiCombo, RemoteOptions
from .dynamic import Autogrow, DynamicCombo, DynamicInput, DynamicSlot
from .enums import ControlAfterGenerate, FolderType, NumberDisplay, UploadType
from .hidden import Hidden, HiddenHolder
from .match import MatchType, MultiType
from .node import ComfyNode
from .numbers import Boolean, Float, Int
from .output import NodeOutput
from .schema import PriceBadge, PriceBadgeDepends, Schema
from .sockets import *  # noqa: F403 (a table of names)
from .texts import Color, String
from .types import ComfyType, Custom, Input, Output, WidgetInput, comfytype

__all__ = [  # noqa: F405
    "SEGS", "SVG", "AnyType", "Audio", "Autogrow", "Boolean", "Clip", "Color", "Combo", "ComfyNode", "ComfyType",
    "Conditioning", "ControlAfterGenerate", "ControlNet", "Custom", "DynamicCombo", "DynamicInput", "DynamicSlot",
    "Float", "FolderType", "GraphBuilder", "Guider", "Hidden", "HiddenHolder", "Image", "Input", "Int", "Latent",
    "Mask", "MatchType", "Model", "MultiCombo", "MultiType", "NodeOutput", "Noise", "NumberDisplay", "Output",
    "PriceBadge", "PriceBadgeDepends", "RemoteOptions", "Sampler", "Schema", "Sigmas", "String", "UploadType",
    "UpscaleModel", "Vae", "Video", "WidgetInput", "comfytype",
]  # fmt: skip
