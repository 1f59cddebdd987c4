"""What a release locks of its packs: a commit each, and the wheels that they need together."""

from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flowscale_runtime.packs import requirements, sources, wheels
from flowscale_runtime.packs.errors import RequirementsFailed
from flowscale_runtime.packs.programs import Failed
from flowscale_runtime.packs.requirements import Platform
from flowscale_runtime.packs.values import Group, Locked, Wanted

Needs = list[Requirement]


def lock(wanted: Sequence[Wanted], store: Path, base: Path) -> tuple[Group, ...]:
    """Packs at commits with their wheels: one group, the host's own. Raises PackError."""
    locked = [sources.lock(each, base) for each in wanted]
    needs = {pack: requirements.of_pack(sources.fetched(pack, store, base) / pack.name) for pack in locked}
    return (together(locked, needs, requirements.platform()),)


def together(packs: Sequence[Locked], needs: dict[Locked, Needs], there: Platform) -> Group:
    """Packs in one environment beside the platform's packages. Raises RequirementsFailed."""
    wanted = requirements.missing([one for pack in packs for one in needs[pack]], there)
    named = ", ".join(f"{pack.name} at {pack.commit}" for pack in packs)
    for one in wanted:
        version = there.get(canonicalize_name(one.name), "")
        if "+" in version:
            raise RequirementsFailed(f"the packs {named} want {one}, and the platform has {version}")
    try:
        return Group(tuple(packs), wheels.resolved(wanted, there))
    except Failed as error:
        raise RequirementsFailed(
            f"what the packs {named} require can't be installed in one environment beside the platform: "
            f"{wheels.reason(error)}"
        ) from error
