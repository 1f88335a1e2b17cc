"""The adapter's questions and signed requests over HTTP. Answers are decoded by the codec.

A GET carries no body, not even an empty one: the venue's proxy answers 403 to it (docs "403 CloudFront",
2026).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from engine.venues.adapter import NowNs
from engine.venues.link import FrameError
from engine.venues.pacifica import codec_rest
from engine.venues.pacifica.codec import NS_PER_MS, PATHS, client_id, ns
from engine.venues.pacifica.codec_rest import Page
from engine.venues.pacifica.credits import Credits
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing_request import PacificaSigned, PacificaSignRequest, signed_body
from engine.venues.pacifica.wire import (
    REST_PREFIX,
    AccountRow,
    FundingRow,
    MarginSetting,
    MarketRow,
    OrderEventRow,
    OrderHistoryRow,
    OrderRow,
    PositionRow,
    TradeRow,
)
from engine.venues.questions import Leaving, unnoted
from engine.venues.signing import Signing
from engine.venues.transport import HttpRequest, HttpResponse, Transport, TransportError

T = TypeVar("T")
Query = tuple[tuple[str, str], ...]
PacificaSigning = Signing[PacificaSignRequest, PacificaSigned]


class Rest:
    """Whatever asks raises `TransportError` (no answer, 429, 5xx) or `FrameError` (unusable answer)."""

    def __init__(
        self, settings: PacificaSettings, signing: PacificaSigning, transport: Transport, now_ns: NowNs
    ) -> None:
        self._settings, self._signing, self._transport, self._now_ns = settings, signing, transport, now_ns
        self._credits = Credits(settings, now_ns)

    def left_fraction(self) -> float:
        """Of the credits, see `credits`."""
        return self._credits.left_fraction()

    def request(
        self, operation: str, payload: dict[str, object], expiry_window_ms: int | None = None
    ) -> PacificaSignRequest:
        """An operation as of now, ready to be signed."""
        return PacificaSignRequest(
            operation=operation,
            payload=payload,
            timestamp_ms=self._now_ns() // NS_PER_MS,
            expiry_window_ms=expiry_window_ms or self._settings.expiry_window_default_ms,
        )

    async def send(self, request: PacificaSignRequest) -> HttpResponse:
        """Find room, sign, send; raises `NoCredits` or `SigningRefused` (nothing was sent) or `TransportError`."""
        await self._credits.operation(request)
        signed = await self._signing.sign(request)
        return await self._exchange(self._post(request, signed))

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        response = await self._transport.request(request)
        self._credits.heard(response)
        return response

    def _post(self, request: PacificaSignRequest, signed: PacificaSigned) -> HttpRequest:
        return HttpRequest(
            method="POST",
            path=REST_PREFIX + PATHS[request.operation],
            headers=(("content-type", "application/json"),),
            body=msgspec.json.encode(signed_body(self._settings.account, request, signed)),
            timeout_s=self._settings.request_timeout_s,
        )

    async def markets(self) -> list[MarketRow]:
        """Every listed market."""
        return await self._ask("/info", (), codec_rest.decode_info)

    async def account(self) -> AccountRow:
        """Balances and fees."""
        return await self._ask("/account", self._own(), codec_rest.decode_account)

    async def margin_settings(self) -> list[MarginSetting]:
        """Leverage and margin mode where they differ from the default."""
        return await self._ask("/account/settings", self._own(), codec_rest.decode_settings)

    async def positions(self, leaving: Leaving = unnoted) -> list[PositionRow]:
        """Every open position. `leaving` is called when the question leaves."""
        return await self._ask("/positions", self._own(), codec_rest.decode_positions, leaving)

    async def open_orders(self) -> list[OrderRow]:
        """Every open order."""
        return await self._ask("/orders", self._own(), codec_rest.decode_orders)

    async def order_events(self, venue_order_id: int) -> list[OrderEventRow]:
        """The events of one order, newest first; empty when the venue knows none."""
        query = (("order_id", str(venue_order_id)),)
        response = await self._get("/orders/history_by_id", query)
        if response.status == 404:
            return []
        return codec_rest.decode_order_events(_usable("/orders/history_by_id", response))

    async def order_in_history(self, order_id: str, since_ns: int) -> OrderHistoryRow | None:
        """Scan `/orders/history` for one of our ids: there is no lookup by client order id."""
        rows = await self._scan(
            "/orders/history",
            codec_rest.decode_orders_history,
            lambda row: ns(row.updated_at) >= since_ns,
        )
        wanted = client_id(order_id)
        return next((row for row in rows if row.client_order_id == wanted), None)

    async def trades_since(self, since_ns: int) -> list[TradeRow]:
        """Our fills since then, newest first."""
        return await self._scan(
            "/trades/history",
            codec_rest.decode_trades_history,
            lambda row: ns(row.created_at) >= since_ns,
        )

    async def funding_since(self, since_ns: int) -> list[FundingRow]:
        """Our funding payments since then, newest first."""
        return await self._scan(
            "/funding/history",
            codec_rest.decode_funding_history,
            lambda row: ns(row.created_at) >= since_ns,
        )

    async def _scan(self, path: str, decode: Callable[[bytes], Page[T]], recent: Callable[[T], bool]) -> list[T]:
        """Page back through a history, newest first, until a row is too old or the page limit is reached."""
        rows: list[T] = []
        cursor: tuple[tuple[str, str], ...] = ()
        for _ in range(self._settings.history_pages_most):
            limit = ("limit", str(self._settings.history_page_rows))
            page = await self._ask(path, (*self._own(), limit, *cursor), decode)
            rows += [row for row in page.rows if recent(row)]
            if page.cursor is None or not page.rows or not recent(page.rows[-1]):
                return rows
            cursor = (("cursor", page.cursor),)
        return rows

    async def _ask(self, path: str, query: Query, decode: Callable[[bytes], T], leaving: Leaving = unnoted) -> T:
        return decode(_usable(path, await self._get(path, query, leaving)))

    async def _get(self, path: str, query: Query, leaving: Leaving = unnoted) -> HttpResponse:
        timeout_s = self._settings.request_timeout_s
        request = HttpRequest(method="GET", path=REST_PREFIX + path, query=query, timeout_s=timeout_s)
        await self._credits.question(path)
        leaving()
        return await self._exchange(request)

    def _own(self) -> Query:
        return (("account", self._settings.account),)


def _usable(path: str, response: HttpResponse) -> bytes:
    if response.status == 200:
        return response.body
    detail = f"HTTP {response.status}: {response.body[:120].decode(errors='replace')}"
    if response.status == 429 or response.status >= 500:
        raise TransportError(f"{path}: {detail}", sent=True)
    raise FrameError(path, detail)
