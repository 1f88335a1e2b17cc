"""Which host serves which path, and which hosts may be spoken to at all.

Plain `http` and `ws` are for loopback addresses alone: a venue is never spoken to without TLS.
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec

from engine.errors import UserError
from engine.venues.loopback import is_loopback

Kind = Literal["request", "stream"]
SCHEMES: dict[Kind, tuple[str, str]] = {"request": ("https", "http"), "stream": ("wss", "ws")}
"""With TLS, and without."""

NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
"""Host and port, and nothing that two readers of URLs might read differently: the host checked is the one called."""


class RouteRefused(UserError):
    """A base URL that must not be used, or a path that none serves; the text names the host and the remedy."""


class Routes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base URLs by path prefix: the longest prefix wins, and is replaced by its base URL. `""` serves the rest.

    `{"": "https://api.example", "/dlob": "https://dlob.example"}` sends `/dlob/l2` to `https://dlob.example/l2`.
    A query in a base URL (an access key) is kept. Raises RouteRefused for a URL that must not be used.
    """

    requests: dict[str, str]
    streams: dict[str, str]

    def __post_init__(self) -> None:
        for prefix, base in self.requests.items():
            _refuse_prefix(prefix)
            _refuse_base("request", base)
        for prefix, base in self.streams.items():
            _refuse_prefix(prefix)
            _refuse_base("stream", base)

    def request_url(self, path: str, query: tuple[tuple[str, str], ...] = ()) -> str:
        """The URL of a request; raises RouteRefused when no prefix fits."""
        return _joined(_base_of(self.requests, "request", path), path, urlencode(query))

    def stream_url(self, path: str) -> str:
        """The URL of a stream, whose path may carry a query; raises RouteRefused when no prefix fits."""
        bare, _, query = path.partition("?")
        return _joined(_base_of(self.streams, "stream", bare), bare, query)


def loopback_routes(address: str) -> Routes:
    """All requests and streams to one simulated venue at `host:port`."""
    return Routes(requests={"": f"http://{address}"}, streams={"": f"ws://{address}"})


def _base_of(bases: dict[str, str], kind: Kind, path: str) -> tuple[str, str]:
    fitting = [prefix for prefix in bases if not prefix or path == prefix or path.startswith(f"{prefix}/")]
    if not fitting:
        raise RouteRefused(f"no base URL serves the {kind} path {path}; name one for it")
    prefix = max(fitting, key=len)
    return prefix, bases[prefix]


def _joined(route: tuple[str, str], path: str, query: str) -> str:
    prefix, base = route
    parts = urlsplit(base)
    queries = "&".join(part for part in (parts.query, query) if part)
    whole = parts.path.rstrip("/") + path.removeprefix(prefix)
    return SplitResult(parts.scheme, parts.netloc, whole or "/", queries, "").geturl()


def _refuse_prefix(prefix: str) -> None:
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise RouteRefused(f"the path prefix {prefix!r} must begin with a slash and end without one")


def _refuse_base(kind: Kind, base: str) -> None:
    secure, plain = SCHEMES[kind]
    parts = _plainly_written(base)
    if parts is None or parts.scheme not in (secure, plain) or not parts.hostname or parts.fragment:
        # The URL itself may hold an access key, so it is not repeated.
        raise RouteRefused(f"a {kind} base URL must be {secure}://host[:port], without a user and a fragment")
    if parts.scheme == plain and not is_loopback(parts.hostname):
        raise RouteRefused(
            f"{plain}://{parts.hostname} is not encrypted: use {secure}, or a loopback address such as 127.0.0.1"
        )


def _plainly_written(base: str) -> SplitResult | None:
    try:
        parts = urlsplit(base)
        return parts if NETLOC.fullmatch(parts.netloc) and parts.port != 0 else None
    except ValueError:
        return None


def shown(base: str) -> str:
    """Scheme, host and port of a base URL, for reports: its path and query may hold an access key."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
