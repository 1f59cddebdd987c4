"""Validation of a graph before it runs, told in ComfyUI's types and fields."""

from .validate import Validation, avalidate, validate

__all__ = ["Validation", "avalidate", "validate"]
