"""A Flask app in front of FlowScale."""

import io

import pytest

from flowscale.testing import MockFlowScaleClient

flask = pytest.importorskip("flask")


@pytest.fixture
def site():
    from flowscale.integrations.flask import flowscale_blueprint

    client, app = MockFlowScaleClient(), flask.Flask("site")
    app.register_blueprint(flowscale_blueprint(client), url_prefix="/api/flowscale")
    caller = app.test_client()
    caller.fake = client.server
    return caller


def test_the_routes_submit_show_and_cancel(site):
    run_id = site.post("/api/flowscale/runs", json={"prompt": "x", "webhook": "https://evil.example"}).json[
        "run_id"
    ]
    assert site.fake.runs[run_id].inputs == {"prompt": "x", "webhook": "https://evil.example"}
    assert site.get(f"/api/flowscale/runs/{run_id}").json["status"] == "running"
    assert "cancelled" in site.post(f"/api/flowscale/runs/{run_id}/cancel").json["message"]
    assert site.post(f"/api/flowscale/runs/{run_id}/cancel").status_code == 409


def test_forms_and_files_are_passed_on(site):
    site.post("/api/flowscale/runs", data={"prompt": "x", "image": (io.BytesIO(b"one"), "p.png")})
    (run,) = site.fake.runs.values()
    assert (run.inputs["prompt"], run.inputs["image"].filename, run.inputs["image"].content) == (
        "x",
        "p.png",
        b"one",
    )


def test_failures_tell_the_visitor_only_what_concerns_them(site):
    site.fake.fail(402, code="BUDGET_EXCEEDED", message="The budget is spent.")
    refused = site.post("/api/flowscale/runs", json={})
    assert (refused.status_code, refused.json["detail"]["code"]) == (402, "BUDGET_EXCEEDED")
    site.fake.fail(401, message="This API key is not valid.")
    assert (
        site.get("/api/flowscale/runs/x").status_code,
        site.post("/api/flowscale/runs", data="[").status_code,
    ) == (502, 200)
    assert site.post("/api/flowscale/runs", data="[", content_type="application/json").status_code == 422
