"""Who gets which part of the traffic: a new release takes over step by step, or goes back.

Git says which versions there are and which one is wanted; what is live, and which releases were sent back, stands in the
status. An old version answers beside a new one for as long as git names it (at 0 %, say). A release that was sent back isn't
tried again until git names another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flowscale_controllers.decisions.analysis import compare, findings
from flowscale_controllers.decisions.evidence import Evidence, Totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowscale_controllers.decisions.analysis import Finding
    from flowscale_specs import ResolvedRollout

WATCHING, PROMOTED, ROLLED_BACK, READY, FAILING = "watching", "promoted", "rolledBack", "ready", "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What git wants: percent by version, the digest of each, and how a new one takes over (None: at once)."""

    traffic: Mapping[str, float]
    releases: Mapping[str, str]
    rollout: ResolvedRollout | None
    price: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A release that was sent back."""

    digest: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A new release on its way."""

    candidate: str
    digest: str
    step: int
    started_at: float
    step_at: float
    step_runs: int = 0
    """Runs of the candidate before this step."""
    verdict: str = WATCHING
    message: str = ""
    mirror: float = 0.0
    """Percent of runs that it gets copies of."""
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def running(self) -> bool:
        """Whether it is still to be decided."""
        return self.verdict in {WATCHING, READY, FAILING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What is served now: percent by version, the trial that runs, the releases that were sent back."""

    weights: Mapping[str, float] = field(default_factory=dict)
    trial: Trial | None = None
    sent_back: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the gateway counted of each release, by digest, and the candidate's latest percentiles."""

    totals: Mapping[str, Totals] = field(default_factory=dict)
    latency: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A decision: what is live from now on, why where something changed, and when to look again at the latest."""

    live: Live
    reason: str = ""
    message: str = ""
    again_at: float | None = None


def decide(wish: Wish, live: Live, seen: Seen, now: float) -> Step:
    """What should be live now."""
    known = {version: share for version, share in live.weights.items() if version in wish.releases}
    live = replace(live, weights=known, sent_back=_still_wished(live.sent_back, wish))
    candidate = _candidate(wish, live)
    if wish.rollout is None or candidate is None or not _stable(live):
        return _settled(wish, live)
    digest = wish.releases[candidate]
    if any(sent.digest == digest for sent in live.sent_back):
        return Step(live=replace(live, weights=_stable(live), trial=_ended(live.trial)))
    if live.trial is None or (live.trial.candidate, live.trial.digest) != (candidate, digest):
        return _start(wish, wish.rollout, live, candidate, seen, now)
    return _watch(wish, wish.rollout, live, live.trial, seen, now)


def _still_wished(sent_back: tuple[Sent, ...], wish: Wish) -> tuple[Sent, ...]:
    """Those that git still names: once it names another, the old verdict is forgotten."""
    return tuple(sent for sent in sent_back if sent.digest in wish.releases.values())


def _candidate(wish: Wish, live: Live) -> str | None:
    """The version that is to take over: what git wants and has no traffic of its own yet; the one on trial first."""
    wanted = [version for version, share in wish.traffic.items() if share > 0 and version in wish.releases]
    trial = live.trial
    if trial is not None and trial.running and trial.candidate in wanted:
        return trial.candidate
    new = [version for version in wanted if not live.weights.get(version)]
    return max(new, key=lambda version: wish.traffic[version], default=None)


def _stable(live: Live) -> dict[str, float]:
    """The live weights without the candidate, adding up to 100."""
    candidate = live.trial.candidate if live.trial is not None and live.trial.running else None
    rest = {version: share for version, share in live.weights.items() if version != candidate and share > 0}
    whole = sum(rest.values())
    return {version: share * 100 / whole for version, share in rest.items()} if whole else {}


def _settled(wish: Wish, live: Live) -> Step:
    """Git's wish as it stands."""
    weights = _wished(wish)
    settled = replace(live, weights=weights, trial=_ended(live.trial))
    if dict(live.weights) == weights:
        return Step(live=settled)
    return Step(live=settled, reason="Released", message=f"traffic is {_shown(weights)}, as git says")


def _wished(wish: Wish) -> dict[str, float]:
    """The weights that git wants."""
    return {
        version: share for version, share in wish.traffic.items() if share > 0 and version in wish.releases
    }


def _ended(trial: Trial | None) -> Trial | None:
    """A trial that is over is kept for its verdict; one that git took back is dropped."""
    return None if trial is None or trial.running else trial


def _start(wish: Wish, rollout: ResolvedRollout, live: Live, candidate: str, seen: Seen, now: float) -> Step:
    digest = wish.releases[candidate]
    stable = _stable(live)
    begun = Evidence(stable=_totals(seen, wish.releases, stable), candidate=seen.totals.get(digest, Totals()))
    trial = Trial(candidate=candidate, digest=digest, step=0, started_at=now, step_at=now, evidence=begun)
    moved = _at_step(replace(live, weights=stable), trial, rollout, stable)
    message = f"{candidate} gets {_part(rollout, 0)}: {_shown(moved.weights)}"
    return Step(live=moved, reason="RolloutStarted", message=message, again_at=now + rollout.interval)


def _watch(wish: Wish, rollout: ResolvedRollout, live: Live, trial: Trial, seen: Seen, now: float) -> Step:
    stable = _stable(live)
    due = now >= trial.step_at + rollout.interval
    known = seen.totals.get(trial.digest, Totals())
    enough = (
        trial.evidence.runs + known.runs - trial.evidence.candidate.runs - trial.step_runs >= rollout.runs
    )
    observed = trial.evidence.observe(
        _totals(seen, wish.releases, stable), known, close=due and enough and trial.verdict == WATCHING
    )
    trial = replace(trial, evidence=observed)
    broken = next(findings(observed, rollout, wish.price, seen.latency.get(trial.digest, (None, None))), None)
    if broken is not None:
        return _fail(rollout, live, trial, stable, broken, now)
    if not due or observed.runs - trial.step_runs < rollout.runs:
        again = None if due else trial.step_at + rollout.interval
        return Step(live=replace(live, trial=replace(trial, verdict=WATCHING, message="")), again_at=again)
    if rollout.mode == "experiment":
        return _conclude(wish, rollout, live, trial, stable, now)
    return _advance(wish, rollout, live, trial, stable, now)


def _fail(
    rollout: ResolvedRollout, live: Live, trial: Trial, stable: dict[str, float], broken: Finding, now: float
) -> Step:
    said = f"{broken.metric}: {broken.message}"
    if not rollout.automatic:
        return _told(live, trial, FAILING, "WouldRollBack", f"{trial.candidate} should go back, {said}")
    return _send_back(live, trial, stable, said, now, f"{trial.candidate} goes back, {said}")


def _send_back(
    live: Live, trial: Trial, stable: dict[str, float], why: str, now: float, message: str
) -> Step:
    sent = Sent(digest=trial.digest, at=now, reason=why)
    ended = replace(trial, verdict=ROLLED_BACK, message=message, mirror=0.0)
    back = Live(weights=stable, trial=ended, sent_back=(*live.sent_back, sent))
    return Step(live=back, reason="RolledBack", message=message)


def _advance(
    wish: Wish, rollout: ResolvedRollout, live: Live, trial: Trial, stable: dict[str, float], now: float
) -> Step:
    following = trial.step + 1
    if following < len(rollout.steps):
        further = replace(trial, step=following, step_at=now, step_runs=trial.evidence.runs)
        moved = _at_step(live, further, rollout, stable)
        message = f"{trial.candidate} gets {_part(rollout, following)} after {trial.evidence.runs} runs"
        return Step(live=moved, reason="RolloutAdvanced", message=message, again_at=now + rollout.interval)
    message = f"{trial.candidate} takes over after {trial.evidence.runs} runs"
    if not rollout.automatic:
        return _told(live, trial, READY, "WouldPromote", message)
    return _promote(wish, live, trial, message)


def _promote(wish: Wish, live: Live, trial: Trial, message: str) -> Step:
    promoted = replace(trial, verdict=PROMOTED, message=message, mirror=0.0)
    whole = Live(weights=_wished(wish), trial=promoted, sent_back=live.sent_back)
    return Step(live=whole, reason="Promoted", message=message)


def _conclude(
    wish: Wish, rollout: ResolvedRollout, live: Live, trial: Trial, stable: dict[str, float], now: float
) -> Step:
    verdicts = list(compare(trial.evidence, rollout, wish.price))
    told = ", ".join(f"{each.metric} {each.verdict} [{each.low:+.3g}, {each.high:+.3g}]" for each in verdicts)
    message = f"after {trial.evidence.runs} runs, at {rollout.confidence:.0%} confidence: {told or 'nothing compared'}"
    better = any(each.verdict == "better" for each in verdicts)
    if better and all(each.verdict != "worse" for each in verdicts):
        if rollout.automatic:
            return _promote(wish, live, trial, f"{trial.candidate} is better {message}")
        return _told(live, trial, READY, "ExperimentDone", f"{trial.candidate} is better {message}")
    if rollout.automatic:
        return _send_back(live, trial, stable, message, now, f"{trial.candidate} is not better {message}")
    return _told(live, trial, FAILING, "ExperimentDone", f"{trial.candidate} is not better {message}")


def _told(live: Live, trial: Trial, verdict: str, reason: str, message: str) -> Step:
    """Nothing moves; what would be done is told once."""
    known = trial.verdict == verdict
    waiting = replace(live, trial=replace(trial, verdict=verdict, message=message))
    return Step(live=waiting, reason="" if known else reason, message="" if known else message)


def _at_step(live: Live, trial: Trial, rollout: ResolvedRollout, stable: Mapping[str, float]) -> Live:
    """The weights of a step. A mirrored release answers nobody."""
    part = rollout.steps[trial.step]
    if rollout.mode == "mirror":
        return replace(live, weights={**stable, trial.candidate: 0.0}, trial=replace(trial, mirror=part))
    weights = {version: round(share * (100 - part) / 100, 4) for version, share in stable.items()}
    return replace(live, weights={**weights, trial.candidate: part}, trial=trial)


def _totals(seen: Seen, releases: Mapping[str, str], stable: Mapping[str, float]) -> Totals:
    found = Totals()
    for version in stable:
        found = found + seen.totals.get(releases.get(version, ""), Totals())
    return found


def _part(rollout: ResolvedRollout, step: int) -> str:
    what = "copies of " if rollout.mode == "mirror" else ""
    return f"{what}{rollout.steps[step]:g}% of runs"


def _shown(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{version} {share:g}%" for version, share in sorted(weights.items()))
