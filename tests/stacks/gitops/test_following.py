"""The loop of git sync over a branch and a cluster that are played, on time that is played."""

from dataclasses import dataclass, field
from pathlib import Path

from flowscale_specs import SpecError, SpecErrors
from flowscale_stacks.gitops.decisions import Rhythm
from flowscale_stacks.gitops.errors import GitError, RepositoryUnreachable
from flowscale_stacks.gitops.following import Follower
from flowscale_stacks.gitops.metrics import Metrics
from flowscale_stacks.gitops.status import Everyone, Status
from flowscale_stacks.operations.errors import Refused
from flowscale_stacks.reading.errors import ClusterUnreachable


@dataclass
class Played:
    """A branch, a cluster, a clock and a listener in one."""

    at: str = "a"
    now: float = 0.0
    silent: GitError | None = None
    refuses: dict[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    heard: list[tuple[str, str]] = field(default_factory=list)
    drifted: int = 0

    def head(self) -> str:
        if self.silent:
            raise self.silent
        return self.at

    def checkout(self, commit: str, path: str) -> Path:
        return Path(commit) / path

    def forget(self, keep: frozenset[str]) -> None:
        self.done.append(f"keep {','.join(sorted(keep))}")

    def reconcile(self, folder: Path, message: str) -> int:
        commit = folder.parts[0]
        self.done.append(f"up {commit}")
        if commit in self.refuses:
            raise self.refuses[commit]
        return 3

    def heal(self, folder: Path, message: str) -> int:
        self.done.append(f"heal {folder.parts[0]}")
        return self.drifted

    def hear(self, status: Status) -> None:
        self.heard.append((status.state, status.commit))


def following(played: Played, metrics: Metrics | None = None) -> Follower:
    return Follower(
        branch=played,
        path="specs",
        delivery=played,
        listener=Everyone.of((played, metrics)),
        rhythm=Rhythm(heal=100, first=5, longest=60),
        clock=lambda: played.now,
        interval=2,
    )


def test_each_new_commit_is_reconciled_once_and_told() -> None:
    played = Played()
    follower = following(played)
    assert follower.turn() == 2
    follower.turn()
    played.at = "b"
    follower.turn()
    assert played.done == ["up a", "keep a", "up b", "keep b"]
    assert played.heard == [("reconciling", "a"), ("ready", "a"), ("reconciling", "b"), ("ready", "b")]


def test_a_refused_commit_is_followed_by_the_last_good_one() -> None:
    played = Played(refuses={"b": Refused("no")})
    follower = following(played)
    follower.turn()
    played.at = "b"
    for _ in range(3):
        follower.turn()
    assert played.done == ["up a", "keep a", "up b", "up a"]
    assert played.heard[-2:] == [("failed", "b"), ("failed", "a")]
    assert follower.memory.good == "a"


def test_wrong_specs_wait_for_another_commit() -> None:
    wrong = SpecErrors([SpecError(Path("x"), 1, 1, "", "wrong")])
    played = Played(refuses={"b": wrong})
    follower = following(played)
    follower.turn()
    played.at, played.now = "b", 1
    for second in (1, 10, 90):
        played.now = second
        follower.turn()
    assert played.done == ["up a", "keep a", "up b"]


def test_a_cluster_that_does_not_answer_is_tried_with_growing_patience() -> None:
    played = Played(refuses={"a": ClusterUnreachable("down")})
    follower = following(played)
    tries = []
    for second in range(60):
        played.now, before = second, len(played.done)
        follower.turn()
        if len(played.done) > before:
            tries.append(second)
    assert tries == [0, 5, 15, 35]
    played.refuses, played.now = {}, 75
    follower.turn()
    assert played.heard[-1] == ("ready", "a")


def test_drift_is_healed_and_counted() -> None:
    played, metrics = Played(drifted=2), Metrics()
    follower = following(played, metrics)
    follower.turn()
    played.now = 100
    follower.turn()
    assert played.done[-1] == "heal a"
    read = metrics.registry.get_sample_value
    assert read("flowscale_gitops_healed_objects_total") == 2
    assert read("flowscale_gitops_reconciliations_total", {"result": "succeeded"}) == 2
    assert read("flowscale_gitops_ready") == 1


def test_a_repository_that_does_not_answer_leaves_the_cluster_alone() -> None:
    played = Played()
    follower = following(played)
    follower.turn()
    played.silent = RepositoryUnreachable("gone")
    assert [follower.turn() for _ in range(3)] == [5, 10, 20]
    played.silent = None
    assert follower.turn() == 2
    assert played.done == ["up a", "keep a"]
