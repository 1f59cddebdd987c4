"""Projects that tests of the stacks compile."""

from dataclasses import replace
from pathlib import Path

from flowscale_specs import ResolvedProject, load, parse, resolve
from flowscale_stacks.compile import Images, Object, compile_project

ROOT = Path(__file__).parents[2]
COMPLETE = ROOT / "tests/specs/complete"
IMAGES = Images(
    gateway="registry.example.com/gateway:1",
    executor="registry.example.com/executor:1",
    controllers="registry.example.com/controllers:1",
    jobs="registry.example.com/jobs:1",
)
OLD, NEW = "sha256:" + "0f" * 32, "sha256:" + "1e" * 32
RELEASES = {"portrait": {"2.0.0": OLD, "2.1.0": NEW}}


def complete(environment: str | None = "production") -> ResolvedProject:
    """The project that says everything."""
    return resolve(load(COMPLETE), environment)


def small(text: str = "", environment: str | None = None) -> ResolvedProject:
    """A project with one workflow, `hello`, and what `text` adds."""
    workflow = "kind: Workflow\nmetadata: {name: hello}\nspec: {source: hello.json}\n"
    return resolve(parse(f"{workflow}---\n{text}".encode()), environment)


def compiled(project: ResolvedProject, **rest) -> tuple[Object, ...]:
    """Its objects, with a made-up release for each version."""
    releases = {}
    for deployment in project.deployments.values():
        for version, _ in deployment.traffic:
            releases.setdefault(deployment.workflow, {})[version] = digest(deployment.workflow + version)
    return compile_project(project, releases, IMAGES, **rest)


def digest(text: str) -> str:
    return "sha256:" + text.encode().hex()[:64].rjust(64, "0")


def find(objects, kind: str, name: str | None = None) -> Object:
    """The only object of a kind, and of a name where one is given."""
    (found,) = (item for item in objects if item["kind"] == kind and name in {None, item["metadata"]["name"]})
    return found


def kinds(objects) -> list[str]:
    return [item["kind"] for item in objects]


def with_hosting(project: ResolvedProject, **hosting) -> ResolvedProject:
    """A project whose environment stands differently in its cluster."""
    target = project.target
    return replace(project, target=replace(target, hosting=replace(target.hosting, **hosting)))
