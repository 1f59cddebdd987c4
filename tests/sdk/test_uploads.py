"""Files ahead of a run: streamed to where the server says, without the key, and told to be whole."""

import io

import pytest

from flowscale import File, FlowScaleValidationError


class Pipe(io.RawIOBase):
    """What can be read once."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def seekable(self):
        return False

    def readinto(self, buffer):
        return self._content.readinto(buffer)


@pytest.fixture(params=["bytes", "path", "file", "pipe"])
def source(request, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"x" * 3_000_000)
    with path.open("rb") as file:
        yield {
            "bytes": File(path.read_bytes(), "photo.png"),
            "path": path,
            "file": file,
            "pipe": File(Pipe(path.read_bytes()), "photo.png"),
        }[request.param]


@pytest.mark.parametrize("direct", [True, False])
def test_a_file_goes_where_the_server_says_and_becomes_a_reference(bench, source, direct):
    bench.server.direct = direct
    sent = bench(bench.client.files.upload(source))
    assert (sent.reference, sent.filename, sent.size) == ("place-1", "photo.png", 3_000_000)
    [(_, upload)] = bench.server.uploads.items()
    assert upload["content"] == b"x" * 3_000_000
    assert (
        bench.paths() == ["POST uploads", "PUT uploads/place-1", "POST uploads/place-1"][: 3 if direct else 2]
    )
    announced, put, *_ = bench.server.requests
    assert "x-api-key" in announced.headers
    assert "x-api-key" not in put.headers
    assert (put.headers["content-length"], "transfer-encoding" in put.headers) == ("3000000", False)


def test_a_second_try_sends_all_of_it_again(bench, source):
    bench.server.fail(503, method="PUT")
    bench(bench.client.files.upload(source, filename="again.png"))
    [upload] = bench.server.uploads.values()
    assert (upload["content"], upload["filename"]) == (b"x" * 3_000_000, "again.png")


def test_what_is_no_file_is_refused_before_anything_is_sent(bench):
    with pytest.raises(FlowScaleValidationError, match="isn't a file"):
        bench(bench.client.files.upload("photo.png"))
    assert bench.paths() == []
