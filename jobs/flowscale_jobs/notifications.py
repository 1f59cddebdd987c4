"""Telling people: a title and a text by templates, to Slack, Teams, Discord, e-mail and whatever else apprise knows."""

import re
from collections.abc import Mapping, Sequence
from string import Template
from urllib.parse import urlsplit

import apprise

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "promotion.waiting": (
        "$promotion waits for approval of $stage",
        "Promotion $id asks $detail.\nApprove: flowscale approve $id\nReject: flowscale reject $id",
    ),
    "promotion.passed": ("$promotion: $stage $step passed", "$detail"),
    "promotion.failed": (
        "$promotion failed at $stage",
        "$step: $detail\nPromotion $id went back to what was there.",
    ),
}
"""Title and text by event; `$name` is filled in from what is known."""
_MAIL = re.compile(r"[^@\s/]+@[^@\s/]+")


def rendered(event: str, known: Mapping[str, object]) -> tuple[str, str]:
    """The title and the text of an event; what isn't known stays empty."""
    words = _Known({name: str(value) for name, value in known.items()})
    title, body = TEMPLATES[event]
    return Template(title).substitute(words).strip(), Template(body).substitute(words).strip()


def tell(
    addresses: Sequence[str], event: str, known: Mapping[str, object], mail: str | None = None
) -> list[str]:
    """Tells everybody; the addresses that couldn't be told. `mail` is the server for e-mail, as smtp://host:25."""
    title, body = rendered(event, known)
    return [address for address in addresses if not _told(address, title, body, mail)]


def service(address: str, mail: str | None) -> str:
    """An address as apprise has it: a person's e-mail goes through the server, a web page gets JSON."""
    if _MAIL.fullmatch(address):
        server = urlsplit(mail or "smtp://localhost:25")
        scheme = "mailtos" if server.scheme == "smtps" else "mailto"
        user = f"{server.username}:{server.password}@" if server.username else ""
        mode = "" if server.scheme == "smtps" else "&mode=insecure"
        return f"{scheme}://{user}{server.hostname}:{server.port or 25}?to={address}&from=flowscale@localhost.localdomain{mode}"
    for start, scheme in (("https://", "jsons://"), ("http://", "json://")):
        if address.startswith(start) and apprise.Apprise.instantiate(address) is None:
            return scheme + address.removeprefix(start)
    return address


def _told(address: str, title: str, body: str, mail: str | None) -> bool:
    one = apprise.Apprise()
    return bool(one.add(service(address, mail))) and bool(one.notify(title=title, body=body))


class _Known(dict[str, str]):
    """Names that aren't known are empty."""

    def __missing__(self, name: str) -> str:
        return ""
