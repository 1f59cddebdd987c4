"""What a node changes on its host, put back afterwards: a bridge, nftables tables, kernel settings, mounts, cgroups."""

import ipaddress
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
CGROUPS = Path("/sys/fs/cgroup")


def run(*words: str) -> str:
    """Runs a command as it must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


def attempt(*words: str) -> None:
    """Runs a command whose failure means that there was nothing to do."""
    subprocess.run(words, capture_output=True, check=False)


def remember(state: Path) -> None:
    """Writes down how the host is, before the node changes it."""
    settings = {name: value for name in SETTINGS if (value := read(name)) is not None}
    state.write_text(json.dumps({"settings": settings, "tables": tables()}))


def restore(state: Path) -> None:
    """Puts back what `remember` wrote down."""
    was: dict[str, Any] = json.loads(state.read_text())
    for table in tables():
        if table not in was["tables"]:
            attempt("nft", "delete", "table", *table)
    for name, value in was["settings"].items():
        if read(name) != value:
            Path("/proc/sys", name).write_text(value)


def read(name: str) -> str | None:
    path = Path("/proc/sys", name)
    return path.read_text() if path.exists() else None


def tables() -> list[list[str]]:
    """The families and names of nftables tables."""
    found = json.loads(run("nft", "--json", "list", "tables"))["nftables"]
    return [[each["table"]["family"], each["table"]["name"]] for each in found if "table" in each]


def add_bridge(name: str, address: str, network: str) -> None:
    """A bridge with an address, up."""
    width = ipaddress.ip_network(network).prefixlen
    run("ip", "link", "add", name, "type", "bridge")
    run("ip", "address", "add", f"{address}/{width}", "dev", name)
    run("ip", "link", "set", name, "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def remove_bridge(name: str) -> None:
    attempt("ip", "link", "delete", name)


def unmount_beneath(folder: Path) -> None:
    """Unmounts what is mounted inside a folder, innermost first."""
    for place in sorted(mounts_beneath(folder), reverse=True):
        attempt("umount", "--lazy", place)


def mounts_beneath(folder: Path) -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = line.split()[1]
        if place.startswith(f"{folder}/"):
            yield place


def remove_cgroups(name: str) -> None:
    """Removes a tree of empty cgroups, whichever version the host has."""
    for top in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")):
        if top.is_dir():
            for folder in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
                folder.rmdir()
            top.rmdir()
