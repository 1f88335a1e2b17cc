from __future__ import annotations

import msgspec
import pytest

from engine.venues.transport import HttpRequest, HttpResponse, StreamClosed, TransportError


def test_a_request_is_data_that_nobody_can_change() -> None:
    request = HttpRequest(method="GET", path="/info")
    assert (request.body, request.query, request.timeout_s) == (b"", (), 5.0)
    with pytest.raises(AttributeError):
        request.path = "/exchange"  # type: ignore[misc]
    assert hash(request) == hash(HttpRequest(method="GET", path="/info"))


def test_a_request_survives_being_written_down() -> None:
    request = HttpRequest(method="POST", path="/exchange", query=(("a", "1"),), body=b"\x00\xff", timeout_s=1.5)
    assert msgspec.json.decode(msgspec.json.encode(request), type=HttpRequest) == request
    response = HttpResponse(status=502, body=b"<html>", headers=(("content-type", "text/html"),))
    assert msgspec.json.decode(msgspec.json.encode(response), type=HttpResponse) == response


@pytest.mark.parametrize("sent", [True, False])
def test_a_failed_request_must_say_whether_it_may_have_arrived(sent: bool) -> None:
    failed = TransportError("connection reset", sent=sent)
    assert (str(failed), failed.reason, failed.sent) == ("connection reset", "connection reset", sent)
    with pytest.raises(TypeError):
        TransportError("connection reset")  # type: ignore[call-arg]


def test_a_closed_stream_is_no_failed_request() -> None:
    """The first says nothing about orders, the second does: nobody may catch one for the other."""
    assert not issubclass(StreamClosed, TransportError)
    assert not issubclass(TransportError, StreamClosed)
