"""A header by which a venue knows whose requests and streams these are. Used by `transport`; the key is a secret.

It is shown at the venue's own hosts and to nobody else, and what comes back is kept from repeating it: answers,
frames and reasons end in journals and logs. Counterpart: `engine.keys.access_file`, where the key is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec

from engine.keys.access_file import is_writable
from engine.keys.secret import HIDDEN, Secret
from engine.venues.transport import HttpResponse, Stream, StreamClosed, TransportError

PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
Headers = tuple[tuple[str, str], ...]


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """`header` carries `key` to the origins (scheme, host and port) of the URLs in `bases`. It does not show it."""

    header: str
    key: Secret
    bases: tuple[str, ...]

    def __post_init__(self) -> None:
        assert is_writable(self.key), "this key cannot stand in a header"

    def headers_at(self, url: str) -> Headers:
        """What is shown there: the key, or nothing at a host that is not the venue's own."""
        known = origin(url) in [origin(base) for base in self.bases]
        return ((self.header, self.key.reveal()),) if known else ()

    def hidden(self, data: bytes) -> bytes:
        """The same, with the key's place taken by a word that says so."""
        return data.replace(self.key.reveal().encode(), HIDDEN.encode())

    def hidden_text(self, text: str) -> str:
        """As `hidden`, for words."""
        return text.replace(self.key.reveal(), HIDDEN)

    def hidden_answer(self, answer: HttpResponse) -> HttpResponse:
        """As `hidden`, for an answer's body and headers."""
        headers = tuple((name, self.hidden_text(value)) for name, value in answer.headers)
        return HttpResponse(status=answer.status, body=self.hidden(answer.body), headers=headers)

    @contextmanager
    def discreet(self) -> Iterator[None]:
        """What fails inside does not repeat the key, whoever said it."""
        try:
            yield
        except TransportError as failed:
            if self._stands_in(failed.reason):
                raise TransportError(self.hidden_text(failed.reason), sent=failed.sent) from None
            raise
        except StreamClosed as closed:
            if self._stands_in(str(closed)):
                raise StreamClosed(self.hidden_text(str(closed))) from None
            raise

    def _stands_in(self, text: str) -> bool:
        return self.key.reveal() in text


class DiscreetStream:
    """A stream whose frames and end do not repeat the key."""

    def __init__(self, inner: Stream, access: Access) -> None:
        self._inner, self._access = inner, access

    async def send(self, frame: bytes) -> None:
        """Send one frame; raises `StreamClosed`."""
        with self._access.discreet():
            await self._inner.send(frame)

    async def receive(self) -> bytes:
        """Wait for the next frame; raises `StreamClosed`."""
        with self._access.discreet():
            return self._access.hidden(await self._inner.receive())


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, however they are spelt."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(scheme)
