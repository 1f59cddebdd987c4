"""The routes of files, and about the server."""

from flowscale_runtime.gateway.openapi.notation import ANYTHING, TEXT, WHOLE, many, record, ref, said
from flowscale_runtime.gateway.openapi.operation import BYTES, SENT, Operation

FILES: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/uploads",
        "Files",
        "Upload an input ahead of a run",
        "runs:execute",
        {"anyOf": [ref("Upload"), ref("UploadPlan")]},
        query={"filename": TEXT},
        more=(201,),
        errors=(*SENT, 415, 422),
    ),
    *(
        Operation(
            method,
            "/uploads/{token}",
            "Files",
            summary,
            None,
            ref("Upload"),
            headers=headers,
            more=(204,),
            errors=(400, 409, 413, 422),
            body=ANYTHING,
            media=(BYTES,),
        )
        for method, summary, headers in (
            ("PUT", "Send all bytes of a planned upload", {}),
            ("PATCH", "Send the next piece of a planned upload", {"Upload-Offset": WHOLE}),
        )
    ),
    Operation(
        "POST",
        "/uploads/{token}",
        "Files",
        "Have an upload looked at that went to the bucket",
        None,
        ref("Upload"),
        errors=(409, 413, 422),
    ),
    Operation(
        "HEAD", "/uploads/{token}", "Files", "How many bytes of an upload have arrived", None, media=()
    ),
    Operation(
        "GET",
        "/files/{token}",
        "Files",
        "The bytes behind a link",
        None,
        media=("*/*",),
        query={"preview": said(TEXT, "A thumbnail: webp, jpeg or png, with a size as in webp;256.")},
        headers={"Range": TEXT, "If-None-Match": TEXT},
        more=(206, 304, 307),
        errors=(400, 416),
    ),
    Operation(
        "HEAD",
        "/files/{token}",
        "Files",
        "Size and type of what is behind a link",
        None,
        media=(),
        more=(304, 307),
        errors=(400,),
    ),
)

SERVER: tuple[Operation, ...] = (
    Operation("GET", "/comfy/health", "Server", "Instances, idle or running", "runs:read", many(ref("Host"))),
    Operation(
        "GET", "/comfy/queue", "Server", "What runs and what waits", "runs:read", many(ref("HostQueue"))
    ),
    Operation(
        "GET",
        "/comfy/workflows",
        "Server",
        "The deployments that the key may use",
        "workflows:read",
        record(workflows=many(ref("Workflow"))),
    ),
    Operation(
        "GET",
        "/openapi.json",
        "Server",
        "This document",
        None,
        query={"workflow_id": said(TEXT, "With this deployment's inputs.")},
    ),
    Operation(
        "GET",
        "/docs",
        "Server",
        "This document, to read and to try",
        None,
        media=("text/html",),
        query={"workflow_id": TEXT},
    ),
    Operation("GET", "/docs/{name}", "Server", "What the page needs", None, media=("*/*",)),
    Operation(
        "POST",
        "/tokens",
        "Server",
        "A short-lived token for pages",
        "runs:read",
        ref("Token"),
        body=ref("TokenRequest"),
        errors=(*SENT, 415, 422),
    ),
)
