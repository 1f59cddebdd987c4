"""Runs in a notebook: a progress bar, then the outputs inline. Needs the extra `flowscale-sdk[jupyter]`."""

import base64
import html
from collections.abc import Callable
from importlib import import_module
from typing import Any

from flowscale import FlowScaleClient, Progress, Run

TAGS = {
    "image": '<img src="{url}" alt="{name}" style="max-width: 100%">',
    "video": '<video src="{url}" controls style="max-width: 100%"></video>',
    "audio": '<audio src="{url}" controls></audio>',
}


class JupyterClient:
    """A client for notebooks; `client.runs` is that of the client that it was made from."""

    def __init__(
        self,
        client: FlowScaleClient,
        *,
        bar: Callable[..., Any] | None = None,
        display: Callable[[Any], Any] | None = None,
    ) -> None:
        self.client, self.runs = client, client.runs
        self._bar, self._display = bar, display

    def execute_with_progress(self, *args: Any, **inputs: Any) -> Run:
        """`runs.execute` with a progress bar."""
        with (self._bar or _imported("tqdm.auto", "tqdm"))(total=100, unit="%", desc="queued") as bar:

            def show(progress: Progress) -> None:
                bar.set_description(progress.status)
                bar.update(progress.percent - bar.n)

            return self.client.runs.execute(*args, on_progress=show, **inputs)

    def display_result(self, result: Run) -> None:
        """Show the outputs of a run below the cell; the notebook keeps their bytes, because URLs expire."""
        (self._display or _imported("IPython.display", "display"))(Gallery(result))


class Gallery:
    """The outputs of a run as a notebook shows them."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def _repr_html_(self) -> str:
        return (
            "\n".join(_element(output) for output in self.run.outputs) or f"<p>{html.escape(repr(self))}</p>"
        )

    def __repr__(self) -> str:
        return f"run {self.run.run_id}: {self.run.status}, {len(self.run.outputs)} outputs"


def _element(output: Any) -> str:
    name, kind = html.escape(output.filename), (output.content_type or "").partition("/")[0]
    if kind == "text":
        return f"<pre>{html.escape(output.data.decode('utf-8', 'replace'))}</pre>"
    if kind not in TAGS:
        return f'<a href="{html.escape(output.url)}">{name}</a>'
    url = f"data:{html.escape(output.content_type)};base64,{base64.b64encode(output.data).decode()}"
    return TAGS[kind].format(url=url, name=name)


def _imported(module: str, name: str) -> Callable[..., Any]:
    """Imported when it is needed: each half of this module works without the other's package."""
    try:
        found: Callable[..., Any] = getattr(import_module(module), name)
    except ImportError as error:
        raise ImportError(f"this needs {module}: pip install 'flowscale-sdk[jupyter]'") from error
    return found
