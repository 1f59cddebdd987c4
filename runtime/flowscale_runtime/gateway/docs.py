"""The API's description, for programs and, to read and try, for people; all assets come from here, none from a CDN."""

from importlib.resources import files
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flowscale_runtime.gateway.errors import NotFound
from flowscale_runtime.gateway.links import base_url
from flowscale_runtime.gateway.openapi import document
from flowscale_runtime.gateway.state import state_of

router = APIRouter()
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
}
_PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>FlowScale API</title>
<link rel=icon href="data:,">
<link rel=stylesheet href="/api/v1/docs/swagger-ui.css">
<div id=api data-url="/api/v1/openapi.json{query}"></div>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script>
<script src="/api/v1/docs/start.js"></script>
</html>
"""
_START = b"""SwaggerUIBundle({
  url: document.getElementById("api").dataset.url,
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
"""
_GUARDS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """The OpenAPI document; with `workflow_id` that of one deployment."""
    catalog = state_of(request).served.catalog
    name = request.query_params.get("workflow_id")
    deployment = catalog.select(name) if name else None
    if deployment is None and len(catalog.deployments) == 1:
        deployment = next(iter(catalog.deployments.values()))
    return Response(
        orjson.dumps(document(catalog, deployment, base_url(request))), media_type="application/json"
    )


@router.get("/docs")
async def page(request: Request) -> Response:
    """The document to read and to try."""
    name = request.query_params.get("workflow_id")
    query = f"?workflow_id={quote(name, safe='')}" if name else ""
    return HTMLResponse(_PAGE.format(query=query), headers=_GUARDS)


@router.get("/docs/{name}")
async def asset(name: str, request: Request) -> Response:
    """A file that the page needs."""
    if name not in ASSETS:
        raise NotFound(f"The documentation has no file {name!r}.", name=name)
    data = _START if name == "start.js" else (files("fastapi_offline") / "static" / name).read_bytes()
    headers = {"Cache-Control": "public, max-age=86400", **_GUARDS}
    return Response(data, media_type=ASSETS[name], headers=headers)
