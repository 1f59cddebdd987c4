"""What can be wrong with what Triton is asked to serve.

TritonError
    BadConfig       a model configuration doesn't fit Triton's schema
    NotServed       Triton refused to load a model; says why
    CallFailed      a request to a model had an error for an answer
"""


class TritonError(Exception):
    """Triton can't do what it was asked for."""


class BadConfig(TritonError):
    """A model configuration doesn't fit Triton's schema."""


class NotServed(TritonError):
    """Triton refused to load a model."""


class CallFailed(TritonError):
    """A request to a model had an error for an answer."""
