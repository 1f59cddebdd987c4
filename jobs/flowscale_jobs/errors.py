"""Why a job could not go on.

JobError                 it could not do what it is for; nothing is lost, and it may be started again
    PlaceError           files can't be read or written at an address
    SourceError          the inputs of a batch can't be read: not there, or not written as said
    Refused              the server refuses the whole job: key, rights, or no such deployment
    ExpressionError      an expression is not one, or can't be evaluated
    StepFailed           a step of a pipeline ended without a result
    PromotionFailed      a release may not go on, with the reason
"""


class JobError(Exception):
    """It could not do what it is for."""


class PlaceError(JobError):
    """Files can't be read or written at an address."""


class SourceError(JobError):
    """The inputs of a batch can't be read."""


class Refused(JobError):
    """The server refuses the whole job."""


class ExpressionError(JobError):
    """An expression is not one, or can't be evaluated."""


class StepFailed(JobError):
    """A step of a pipeline ended without a result."""


class PromotionFailed(JobError):
    """A release may not go on."""
