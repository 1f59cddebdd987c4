"""Every route of the protocol is on its page."""

from pathlib import Path

from starlette.routing import Route, WebSocketRoute

from flowscale_runtime.gateway.comfyui.application import MODULES

PAGE = Path(__file__).parents[3] / "docs/reference/comfyui.md"


def test_every_route_is_on_the_page():
    text = PAGE.read_text()
    paths = {route.path.partition("{")[0].rstrip("/") for module in MODULES for route in module.routes}
    assert sorted(path for path in paths if path not in text) == []


def test_routes_are_plain_ones_that_can_be_served_twice():
    assert all(isinstance(route, Route | WebSocketRoute) for module in MODULES for route in module.routes)
