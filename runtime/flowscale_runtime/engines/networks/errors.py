"""What can be wrong with a network.

NetworkError
    CantLoad        its file, its code or its format can't be used here
    BadTensor       what it was given doesn't fit what it declares
    Broke           computing it failed
"""


class NetworkError(Exception):
    """A network can't compute."""


class CantLoad(NetworkError):
    """The file, the code or the format of a network can't be used here."""


class BadTensor(NetworkError):
    """What a network was given doesn't fit what it declares."""


class Broke(NetworkError):
    """Computing a network failed."""
