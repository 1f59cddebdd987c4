"""What keeps a job from becoming a template.

JobsError        the specs ask for something that a pod can't have
"""


class JobsError(Exception):
    """The specs ask for something that a pod can't have."""
