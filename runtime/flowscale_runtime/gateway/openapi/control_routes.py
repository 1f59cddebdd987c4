"""The control routes."""

from flowscale_runtime.gateway.control.forecasting import METHODS
from flowscale_runtime.gateway.openapi.notation import (
    MAP,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    YES_NO,
    many,
    maybe,
    one_of,
    record,
    ref,
    said,
)
from flowscale_runtime.gateway.openapi.operation import JSON, PAGE, PAGE_META, SENT, Operation
from flowscale_runtime.stores.usage import DIMENSIONS

CONTROL: tuple[Operation, ...] = (
    Operation(
        "GET", "/keys", "Control", "List keys", "keys:manage", record(keys=many(ref("Key")), count=WHOLE)
    ),
    Operation(
        "POST",
        "/keys",
        "Control",
        "Make a key",
        "keys:manage",
        ref("NewKey"),
        body=ref("KeyRequest"),
        status=201,
        errors=(*SENT, 415, 422),
    ),
    Operation(
        "POST",
        "/keys/{key_id}/rotate",
        "Control",
        "Replace a key",
        "keys:manage",
        ref("NewKey"),
        body=ref("KeyRotation"),
        errors=(*SENT, 409, 415, 422),
    ),
    Operation("DELETE", "/keys/{key_id}", "Control", "End a key", "keys:manage", TEXT),
    Operation(
        "GET",
        "/deployments",
        "Control",
        "List deployments",
        "deployments:read",
        record(deployments=many(ref("Deployment")), count=WHOLE),
    ),
    Operation(
        "GET", "/deployments/{name}", "Control", "Look at a deployment", "deployments:read", ref("Deployment")
    ),
    Operation(
        "GET",
        "/usage",
        "Control",
        "What runs used",
        "billing:read",
        record(rows=many(ref("UsageRow")), total=ref("UsageRow")),
        MAP,
        media=(JSON, "text/csv"),
        query={
            "by": said(TEXT, f"Some of {', '.join(DIMENSIONS)}."),
            "from": TEXT,
            "to": TEXT,
            "format": one_of("json", "csv"),
        },
        errors=(400,),
    ),
    Operation(
        "GET",
        "/usage/forecast",
        "Control",
        "What the next days will cost",
        "billing:read",
        record(
            days=many(record(day=TEXT, cost=NUMBER)),
            total=NUMBER,
            method=one_of(*METHODS),
            error=maybe(said(NUMBER, "Mean absolute error of a day, in dollars.")),
            naive_error=maybe(said(NUMBER, "That of repeating the last week.")),
        ),
        query={"days": {**WHOLE, "minimum": 1, "maximum": 366}},
        errors=(400,),
    ),
    Operation(
        "GET", "/budgets", "Control", "What budgets hold", "billing:read", record(budgets=many(ref("Budget")))
    ),
    Operation(
        "GET",
        "/webhooks",
        "Control",
        "Endpoints and how deliveries stand",
        "deployments:read",
        record(endpoints=many(MAP), deliveries=MAP),
    ),
    *(
        Operation(
            "GET",
            path,
            "Control",
            summary,
            "deployments:read",
            record(deliveries=many(ref("Delivery")), count=WHOLE),
            query={"limit": {**WHOLE, "minimum": 1, "maximum": 1000}, **query},
            errors=(400,),
        )
        for path, summary, query in (
            ("/webhooks/deliveries", "List deliveries", {"status": one_of("pending", "delivered", "dead")}),
            ("/webhooks/dead-letters", "List deliveries that were given up", {}),
        )
    ),
    Operation(
        "POST",
        "/webhooks/deliveries/{message}/replay",
        "Control",
        "Send a delivery again",
        "deployments:write",
        TEXT,
    ),
    Operation(
        "POST",
        "/webhooks/dead-letters/replay",
        "Control",
        "Send all dead letters again",
        "deployments:write",
        record(replayed=WHOLE),
    ),
    Operation(
        "GET",
        "/audit",
        "Control",
        "Who changed what",
        "audit:read",
        record(entries=many(ref("AuditEntry")), count=WHOLE),
        PAGE_META,
        query={"action": TEXT, "actor": TEXT, "resource": TEXT, **PAGE},
        errors=(400,),
    ),
    Operation(
        "GET",
        "/audit/export",
        "Control",
        "Who changed what, as JSON Lines",
        "audit:read",
        media=("application/jsonl",),
    ),
    Operation(
        "GET",
        "/audit/head",
        "Control",
        "The newest seal of the audit log",
        "audit:read",
        record(number=WHOLE, digest=TEXT, sealed_at=TIME),
        errors=(404,),
    ),
    Operation(
        "GET",
        "/audit/verify",
        "Control",
        "Compare the audit log with its seals",
        "audit:read",
        record(intact=YES_NO, problems=many(record(block=WHOLE, what=TEXT))),
        query={"head": said(TEXT, "A digest that was kept.")},
    ),
    Operation(
        "POST",
        "/erasure",
        "Control",
        "Remove everything of a key, a group or a tag",
        "admin",
        ref("Erasure"),
        body=ref("ErasureRequest"),
        errors=(*SENT, 415, 422),
    ),
)
