"""How a file of weights can be out of reach. The type says what to do next.

ModelError
    SourceWrong         the spec names a place that can't be one: correct it
    ModelMissing        nothing is there under this name: correct it, or put the file there
    AccessRefused       the place wants a token, or another one
    ModelUnreachable    the place doesn't answer: the same again may work
    ModelDamaged        what came isn't what the spec says: correct the checksum, or find out who changed the file
    PickleRefused       loading the file could run its author's code: take safetensors, or allow it
    NoRoom              the cache can't hold the file: make it larger
"""


class ModelError(Exception):
    """A file of weights can't be had."""


class SourceWrong(ModelError):
    """The place can't be one."""


class ModelMissing(ModelError):
    """Nothing is there."""


class AccessRefused(ModelError):
    """The place refuses."""


class ModelUnreachable(ModelError):
    """The place doesn't answer."""


class ModelDamaged(ModelError):
    """The bytes aren't those that were meant."""


class PickleRefused(ModelError):
    """The file is a pickle, and nobody allowed one."""


class NoRoom(ModelError):
    """The cache is full of what is in use."""
