"""flowscale gitops: a branch of a repository is followed into a cluster."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flowscale_cli.errors import UsageError
from flowscale_cli.options import Environment
from flowscale_cli.stacks import Backend, Image, SecretsProvider, Target, pairs, told

if TYPE_CHECKING:
    from flowscale_stacks.gitops.forge import Forge

TOKEN = "FLOWSCALE_FORGE_TOKEN"  # noqa: S105  the name of a setting
Kind = Literal["github", "gitlab", "gitea"]


def command(
    repo: Annotated[str, typer.Option(help="The repository: https, ssh or file.")],
    branch: Annotated[str, typer.Option(help="The branch to follow.")] = "main",
    path: Annotated[str, typer.Option(help="The folder with the specs in it.")] = ".",
    environment: Environment = None,
    target: Target = None,
    home: Annotated[Path, typer.Option(help="Where clones, and state without a backend, are kept.")] = Path(
        ".flowscale/gitops"
    ),
    signers: Annotated[
        Path | None,
        typer.Option(
            help="Take only signed commits: by ssh keys of this `allowed_signers` file, or gpg keys that git knows."
        ),
    ] = None,
    interval: Annotated[float, typer.Option(help="Seconds between two looks at git.", min=0.2)] = 2.0,
    heal: Annotated[
        float, typer.Option(help="Seconds between two looks for drift, which is healed; 0 for never.", min=0)
    ] = 600.0,
    status_namespace: Annotated[
        str | None, typer.Option(help="Where the status is kept, as a ConfigMap. [default: none]")
    ] = None,
    context: Annotated[
        str | None, typer.Option(help="The kubeconfig's context for the status. [default: the current one]")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="A port for Prometheus' `/metrics`.", min=1, max=65535)
    ] = None,
    forge: Annotated[
        Kind | None,
        typer.Option(help=f"Where commit statuses go; the token is read from {TOKEN}."),
    ] = None,
    forge_api: Annotated[
        str | None, typer.Option(help="The forge's API. [default: that of the repository's host]")
    ] = None,
    image: Image = None,
    backend: Backend = None,
    secrets_provider: SecretsProvider = None,
) -> None:
    """Follow a branch: make the cluster what each new commit says, heal what others change, tell how it went.

    A commit that doesn't work out leaves the last good one running, and is tried again where that may help.
    SIGTERM and Ctrl-C end it, after what is under way.

    Example: flowscale gitops --repo https://example.com/studio/specs.git --path specs -e production
    """
    from flowscale_stacks.gitops.decisions import Rhythm
    from flowscale_stacks.gitops.wiring import Settings, follow
    from flowscale_stacks.operations import Choice

    if signers is not None and not signers.is_file():
        raise UsageError(f"there is no file {signers}")
    settings = Settings(
        url=repo,
        branch=branch,
        path=path,
        home=home.resolve(),
        environment=environment,
        target=target,
        namespace=status_namespace,
        context=context,
        signers=signers.resolve() if signers else None,
        interval=interval,
        rhythm=Rhythm(heal=heal),
        choice=Choice(backend, secrets_provider, home.resolve()),
        images=pairs(image),
        metrics_port=metrics_port,
        forge=_forge(forge, repo, forge_api, environment),
    )
    with told():
        follow(settings)


def _forge(kind: Kind | None, repo: str, api: str | None, environment: str | None) -> "Forge | None":
    if kind is None:
        return None
    from flowscale_stacks.gitops.forge import forge_of

    token = os.environ.get(TOKEN)
    if not token:
        raise UsageError(f"--forge {kind} needs a token: set {TOKEN}")
    called = "/".join(filter(None, ("flowscale", environment)))
    return forge_of(kind, repo, token, called, api)
