"""HTTP/1.1 on one connection: requests one after another, answers in the manner the faults prescribe.

Requests under `/sandbox/` go to the control door, an upgrade to `websocket`, everything else to the venue.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal
from urllib.parse import parse_qsl, unquote

import h11
import msgspec
import trio

from engine.simulators.pipe import WHOLE
from engine.simulators.server import control, sockets
from engine.simulators.server.control import Control
from engine.simulators.server.limits import ServerLimits
from engine.simulators.server.sockets import Closed, Cut
from engine.simulators.server.websocket import Upgrade
from engine.simulators.transport import Answer, SimulatedVenue
from engine.venues.transport import HttpRequest, HttpResponse, TransportError

NS_PER_S = 1_000_000_000
METHODS: dict[bytes, Literal["GET", "POST"]] = {b"GET": "GET", b"POST": "POST"}
PLAIN = (("content-type", "text/plain; charset=utf-8"),)
WITHOUT_BODY = (204, 304)


class Refused(Exception):
    """A request the server does not pass on: an HTTP status of its own, after which the connection closes."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it stood on the wire."""

    target: str
    request: HttpRequest
    upgrade: bool


class Session:
    """One connection's requests."""

    def __init__(self, stream: trio.SocketStream, venue: SimulatedVenue, door: Control, limits: ServerLimits) -> None:
        self._stream, self._venue, self._door, self._limits = stream, venue, door, limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes_most)

    async def run(self) -> Upgrade | None:
        """Answer until the client leaves, or wants to speak WebSocket. Raises Closed and Cut."""
        while True:
            try:
                asked = await self._asked()
            except Refused as refused:
                await self._refuse(refused)
                return None
            if asked.upgrade:
                return Upgrade(
                    target=asked.target, headers=asked.request.headers, ahead=bytes(self._http.trailing_data[0])
                )
            await self._write(await self._answer(asked.request))
            if self._http.our_state is h11.MUST_CLOSE:
                return None
            self._http.start_next_cycle()

    # --- in ------------------------------------------------------------------------------------------------

    async def _asked(self) -> Asked:
        with trio.move_on_after(self._limits.idle_s):
            head = await self._head()
            return _read(head, await self._body(head), self._limits.answer_most_s)
        raise Closed

    async def _head(self) -> h11.Request:
        event = await self._event()
        if isinstance(event, h11.ConnectionClosed):
            raise Closed
        assert isinstance(event, h11.Request)
        if event.method not in METHODS:
            raise Refused(405, "only GET and POST are answered here")
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        return event

    async def _body(self, head: h11.Request) -> bytes:
        body = bytearray()
        most = self._limits.request_bytes_most
        announced = dict(head.headers).get(b"content-length", b"0")
        while True:
            if len(body) > most or int(announced) > most:
                raise Refused(413, f"a body has at most {most} bytes")
            event = await self._event()
            if not isinstance(event, h11.Data):
                return bytes(body)
            body += event.data

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise Refused(error.error_status_hint, str(error)) from error
            if event is not h11.NEED_DATA:
                assert not isinstance(event, type) or event is h11.PAUSED
                return event
            self._http.receive_data(await sockets.read(self._stream))

    # --- out -----------------------------------------------------------------------------------------------

    async def _answer(self, request: HttpRequest) -> Answer:
        if request.path.startswith(control.PREFIX):
            return Answer(response=self._door.answer(request))
        try:
            answer = await self._venue.answer(request)
        except TransportError as failed:
            raise Cut from failed
        if answer is None:
            raise Cut
        return answer

    async def _write(self, answer: Answer) -> None:
        response = answer.response
        bodyless = response.status in WITHOUT_BODY
        body = b"" if bodyless else response.body
        length = () if bodyless else (("content-length", str(len(body))),)
        own = tuple(header for header in response.headers if header[0] not in ("content-length", "transfer-encoding"))
        headers = [("date", self._date()), *own, *length]
        head = self._http.send(h11.Response(status_code=response.status, headers=headers)) or b""
        # h11 passes a body of known length on as it is; it is told of all of it, whatever is sent.
        self._http.send(h11.Data(data=body))
        self._http.send(h11.EndOfMessage())
        await sockets.write_so(self._stream, head, body, self._limits.write_s, slow_s=answer.slow_s, keep=answer.keep)

    def _date(self) -> str:
        """The venue's clock, as its server tells it."""
        return format_datetime(datetime.fromtimestamp(self._venue.now_ns() // NS_PER_S, UTC), usegmt=True)

    async def _send(self, event: h11.InformationalResponse) -> None:
        await sockets.write(self._stream, self._http.send(event) or b"", self._limits.write_s)

    async def _refuse(self, refused: Refused) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = (*PLAIN, ("connection", "close"))
        body = f"{refused}\n".encode()
        response = HttpResponse(status=refused.status, body=body, headers=headers)
        await self._write(Answer(response=response, keep=WHOLE))


def _read(head: h11.Request, body: bytes, timeout_s: float) -> Asked:
    target = head.target.decode("ascii", "replace")
    path, _, query = target.partition("?")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
    request = HttpRequest(
        method=METHODS[bytes(head.method)],
        path=unquote(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
        timeout_s=timeout_s,
    )
    wanted = any(name == "upgrade" and value.lower() == "websocket" for name, value in headers)
    upgrade = wanted and request.method == "GET"
    return Asked(target=target, request=request, upgrade=upgrade)
