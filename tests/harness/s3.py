"""A real S3 server (versitygw) over a folder, on a port of its own."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.programs import need

KEY, SECRET, BUCKET = "flowscale", "flowscale-secret", "flowscale"


@dataclass
class S3:
    """One server with one bucket. It can be killed and started again on the same files."""

    program: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients find the server."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def url(self, prefix: str = "") -> str:
        """The address of objects under a prefix."""
        return f"s3://{BUCKET}/{prefix}".rstrip("/")

    def start(self) -> None:
        """Starts the server; returns when it takes connections."""
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        command = [self.program, "--port", f"127.0.0.1:{self.port}", "posix", str(self.folder)]
        with (self.folder.parent / "s3.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env={"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET, "HOME": str(self.folder.parent)},
            )
        for _ in range(400):
            if self.process.poll() is not None:
                raise AssertionError((self.folder.parent / "s3.log").read_text()[-2000:])
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.025)
        raise AssertionError("the S3 server doesn't answer")

    def kill(self) -> None:
        """Ends the server as a dead machine would."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def s3(folder: Path, port: int) -> Iterator[S3]:
    """A running server with an empty bucket, until the block ends."""
    server = S3(need("versitygw")[0], folder / "buckets", port)
    server.start()
    try:
        yield server
    finally:
        server.kill()
