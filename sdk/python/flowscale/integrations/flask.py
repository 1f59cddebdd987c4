"""FlowScale behind a Flask app: the key stays on your server. Needs the extra `flowscale-sdk[flask]`.

app.register_blueprint(flowscale_blueprint(client), url_prefix="/api/flowscale")
"""

from typing import Any

from flowscale import FlowScaleClient, FlowScaleError
from flowscale.integrations._web import grouped, json_object, shown

try:
    from flask import Blueprint, request  # type: ignore[import-not-found, unused-ignore]
except ImportError as error:
    raise ImportError("this needs a further package: pip install 'flowscale-sdk[flask]'") from error


def flowscale_blueprint(client: FlowScaleClient, name: str = "flowscale") -> Blueprint:
    """Routes POST /runs, GET /runs/<run_id> and POST /runs/<run_id>/cancel. They ask nobody who they are."""

    def submit() -> dict[str, Any]:
        return {"run_id": client.runs.execute_async(_inputs())}

    def get(run_id: str) -> dict[str, Any]:
        return client.runs.get(run_id).to_dict()

    def cancel(run_id: str) -> dict[str, Any]:
        return {"message": client.runs.cancel(run_id)}

    blueprint = Blueprint(name, __name__)
    blueprint.add_url_rule("/runs", "submit", submit, methods=["POST"])
    blueprint.add_url_rule("/runs/<run_id>", "get", get, methods=["GET"])
    blueprint.add_url_rule("/runs/<run_id>/cancel", "cancel", cancel, methods=["POST"])
    blueprint.register_error_handler(FlowScaleError, _fail)
    return blueprint


def _fail(error: FlowScaleError) -> tuple[dict[str, Any], int, dict[str, str]]:
    status, body, headers = shown(error)
    return {"detail": body}, status, headers


def _inputs() -> dict[str, Any]:
    if request.is_json:
        return json_object(request.get_data())
    return grouped([*request.form.items(multi=True), *request.files.items(multi=True)])
