"""How an operation on a stack ends when it doesn't work out. The type says what may help.

OperationError              it did not work out
    EngineMissing           the `pulumi` program isn't there
    SettingsWrong           backend, passphrase or credentials of the backend
    KindMissing             the cluster lacks a kind that an object is of
    NameClash               an object of that name is there already, and isn't ours
    TooLarge                an object that no API server takes
    Refused                 the API server refused objects
    Nowhere                 there is nothing to roll back to
    TryAgain                what may pass by itself
        StackLocked         another update works on the stack, or died doing so
        StateUnreachable    the backend doesn't answer
        EngineFailed        the engine ended in a way that we have no name for

Beside them stand those of reading: what is wanted, and the cluster, are read before an operation begins.
"""


class OperationError(Exception):
    """It did not work out."""


class EngineMissing(OperationError):
    """The `pulumi` program isn't there."""


class SettingsWrong(OperationError):
    """Backend, passphrase or credentials of the backend."""


class KindMissing(OperationError):
    """The cluster lacks a kind that an object is of."""


class NameClash(OperationError):
    """An object of that name is there already, and isn't ours."""


class TooLarge(OperationError):
    """An object that no API server takes."""


class Refused(OperationError):
    """The API server refused objects."""


class Nowhere(OperationError):
    """There is nothing to roll back to."""


class TryAgain(OperationError):
    """What may pass by itself."""


class StackLocked(TryAgain):
    """Another update works on the stack, or died doing so."""


class StateUnreachable(TryAgain):
    """The backend doesn't answer."""


class EngineFailed(TryAgain):
    """The engine ended in a way that we have no name for."""
