"""Hyperliquid's two HTTP doors: /info for questions, /exchange for signed actions."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.domain import RejectReason
from engine.venues.hyperliquid.codec import decode
from engine.venues.hyperliquid.limits import ActionRefused, Limits
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.wire_orders import ExchangeReply, Fill, FundingRow
from engine.venues.link import FrameError
from engine.venues.questions import Leaving, unnoted
from engine.venues.transport import HttpRequest, HttpResponse, Transport, TransportError

OK, TOO_MANY = 200, 429
JSON_HEADERS = (("content-type", "application/json"),)
HISTORY_ROWS_MOST = 2000
"""Rows a call of `userFillsByTime` (HL docs, 2025-11); `userFunding` gives 500."""
FUNDING_ROWS_MOST = 500

REFUSED_BY_STATUS = {
    400: RejectReason.INVALID,
    401: RejectReason.SIGNATURE,
    403: RejectReason.OTHER,
    404: RejectReason.OTHER,
    405: RejectReason.INVALID,
    413: RejectReason.INVALID,
    415: RejectReason.INVALID,
    422: RejectReason.INVALID,
    429: RejectReason.RATE_LIMITED,
}
"""HTTP statuses that prove an action was not performed (REST profile, 2026-09-24); others leave it open."""


class Client:
    """Asks and acts; raises TransportError, FrameError, and for actions ActionRefused."""

    def __init__(self, transport: Transport, settings: HyperliquidSettings, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._settings = settings
        self._user = settings.account.lower()

    async def ask(self, question: str, *, leaving: Leaving = unnoted, **fields: Any) -> Any:
        """The decoded answer of /info to `question`; its wire type is that of `info/<question>`.

        `leaving` is called when the question leaves.
        """
        body = msgspec.json.encode({"type": question, **fields})
        await self._limits.question(question)
        leaving()
        response = await self._post("/info", body, self._settings.query_timeout_s)
        if response.status == TOO_MANY:
            raise TransportError(f"info/{question}: {_detail(response)}", sent=True)
        if response.status != OK:
            raise FrameError(f"info/{question}", _detail(response))
        return decode(f"info/{question}", response.body)

    async def ask_account(self, question: str, *, leaving: Leaving = unnoted, **fields: Any) -> Any:
        """The answer to a question about our account."""
        return await self.ask(question, leaving=leaving, user=self._user, **fields)

    async def act(self, body: bytes) -> ExchangeReply:
        """The answer of /exchange to a signed action."""
        response = await self._post("/exchange", body, self._settings.order_timeout_s)
        if response.status in REFUSED_BY_STATUS:
            raise ActionRefused(REFUSED_BY_STATUS[response.status], _detail(response))
        if response.status != OK:
            raise FrameError("exchange", _detail(response))
        reply: ExchangeReply = decode("exchange", response.body)
        return reply

    async def fills_since(self, from_ms: int) -> tuple[Fill, ...]:
        """Our fills from `from_ms` on, page by page; pages overlap by their last millisecond."""
        fields = {"endTime": None, "aggregateByTime": False}
        rows: tuple[Fill, ...] = await self._history("userFillsByTime", from_ms, HISTORY_ROWS_MOST, fields)
        return rows

    async def funding_since(self, from_ms: int) -> tuple[FundingRow, ...]:
        """Our funding payments from `from_ms` on."""
        fields = {"endTime": None}
        rows: tuple[FundingRow, ...] = await self._history("userFunding", from_ms, FUNDING_ROWS_MOST, fields)
        return rows

    async def _history(self, question: str, from_ms: int, page_rows: int, fields: dict[str, Any]) -> Any:
        rows: list[Any] = []
        for _ in range(self._settings.history_pages_most):
            page = await self.ask_account(question, startTime=from_ms, **fields)
            self._limits.answered(len(page))
            rows.extend(page)
            if len(page) < page_rows:
                return tuple(rows)
            from_ms = max(row.time for row in page)
        raise FrameError(f"info/{question}", f"more than {len(rows)} rows since {from_ms}")

    async def _post(self, path: str, body: bytes, timeout_s: float) -> HttpResponse:
        request = HttpRequest(method="POST", path=path, headers=JSON_HEADERS, body=body, timeout_s=timeout_s)
        response = await self._transport.request(request)
        if response.status == TOO_MANY:
            self._limits.refused(response)
        return response


def _detail(response: HttpResponse) -> str:
    return f"HTTP {response.status}: {response.body[:200].decode(errors='replace')}"
