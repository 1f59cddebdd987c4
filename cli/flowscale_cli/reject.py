"""flowscale reject: refusing what a promotion or a pipeline waits for."""

from pathlib import Path

from flowscale_cli.approve import By, Comment, Groups, Id, decided
from flowscale_cli.options import Data
from flowscale_cli.promote import State, where


def command(
    id_: Id,
    by: By = None,
    groups: Groups = None,
    comment: Comment = "",
    state: State = None,
    data: Data = None,
) -> None:
    """Refuse what waits: one refusal ends a promotion, and its stage isn't touched.

    Example: flowscale reject release-20260131-120000-a1b2c3 --comment "not on a Friday"
    """
    decided(id_, by, groups, comment, where(state, data or Path(".flowscale")), approved=False)
