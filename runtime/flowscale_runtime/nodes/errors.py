"""Errors of nodes and packs: `str(error)` says what and where, `error.hint` what to do.

NodesError
    FoldersNotSet               nodes ran before the engine said where files are
    NoCheckout                  the folder that is to be ComfyUI isn't
    NoExtension                 a pack's `comfy_entrypoint` doesn't give what it should
    NodeError (ValueError)      a value that a node was given can't be used
        FileProblem             a file name that is missing, or leads out of its folder
        BadMedia                a file whose content can't be used
            BadImage
            BadAudio
            BadVideo
            BadWeights          not safetensors, or not the file that was pinned
        FetchRefused            a URL reached a node, and nothing may fetch it
"""

from __future__ import annotations


class NodesError(Exception):
    """Any failure of this package."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class FoldersNotSet(NodesError):
    """Nodes asked for their folders, but no engine had named them."""


class NoCheckout(NodesError):
    """FLOWSCALE_COMFYUI names a folder that is no checkout of ComfyUI."""


class NoExtension(NodesError):
    """A pack's `comfy_entrypoint` doesn't give a ComfyExtension."""


class NodeError(NodesError, ValueError):
    """A value that a node was given can't be used."""


class FileProblem(NodeError):
    """A file name is missing, or leads out of its folder."""


class BadMedia(NodeError):
    """A file's content can't be used."""


class BadImage(BadMedia):
    """Not an image, or one that is damaged or too large."""


class BadAudio(BadMedia):
    """No audio can be read from the file."""


class BadVideo(BadMedia):
    """No video can be read from the file."""


class BadWeights(BadMedia):
    """Not a safetensors file, or not the one that was pinned."""


class FetchRefused(NodeError):
    """A URL reached a node, and nothing may fetch it."""
