"""The adapter's questions over HTTP, within the venue's rate limit. Answers are decoded by the codec.

Questions about orders, trades and payments need the account's auth token; it is made offline by the signer and
renewed before it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import trio

from actors.domain import NS_PER_S
from engine.venues.adapter import NowNs
from engine.venues.budget import Budget, named_wait_s
from engine.venues.lighter import codec_orders, codec_rest, refusals, wire
from engine.venues.lighter.codec import ns
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing_request import AuthToken, LighterSigned, LighterSignRequest
from engine.venues.lighter.wire import AccountRow, FundingRow, MarketRow
from engine.venues.lighter.wire_orders import EnrichedTx, OrderRow, TradeRow
from engine.venues.link import FrameError
from engine.venues.questions import Leaving, unnoted
from engine.venues.signing import Signing, SigningRefused
from engine.venues.transport import HttpRequest, HttpResponse, Transport, TransportError

LighterSigning = Signing[LighterSignRequest, LighterSigned]
Query = tuple[tuple[str, str], ...]
MINUTE_S = 60.0
T = TypeVar("T")
_HEAD = msgspec.json.Decoder(wire.ResultCode)


class Client:
    """Whatever asks raises `TransportError` (no answer, 429, 5xx, no token) or `FrameError` (unusable answer).

    A question waits for its place in the rate limit; an urgent one may use the reserve.
    """

    def __init__(self, settings: LighterSettings, signing: LighterSigning, transport: Transport, now_ns: NowNs) -> None:
        self._settings, self._signing, self._transport, self._now_ns = settings, signing, transport, now_ns
        self._budget = Budget(limit=settings.rest_per_minute, window_s=MINUTE_S, reserve=settings.rest_reserve)
        self._token, self._token_until_ns = "", 0

    def left_fraction(self) -> float:
        """Of the questions of a minute."""
        return self._budget.left_fraction(self._now_ns())

    # token

    async def token(self, *, fresh: bool = False) -> str:
        """The account's auth token, a new one if asked. Raises TransportError when the signer refuses it."""
        now_s = self._now_ns() // NS_PER_S
        if fresh or now_s * NS_PER_S >= self._token_until_ns - self._settings.auth_renew_s * NS_PER_S:
            deadline_s = now_s + min(self._settings.auth_token_s, wire.AUTH_TOKEN_MOST_S)
            body = AuthToken(deadline_s=deadline_s)
            try:
                signed = await self._signing.sign(LighterSignRequest(chain_id=self._settings.chain_id, body=body))
            except SigningRefused as refused:
                raise TransportError(f"no auth token: {refused}", sent=False) from None
            self._token, self._token_until_ns = signed.token, deadline_s * NS_PER_S
        return self._token

    # questions anybody may ask

    async def markets(self) -> list[MarketRow]:
        """Every perpetual."""
        return await self._ask(wire.ORDER_BOOK_DETAILS, (("filter", "perp"),), codec_rest.decode_markets)

    async def account(self, *, urgent: bool = False, leaving: Leaving = unnoted) -> AccountRow:
        """Balances and positions. `leaving` is called when the question leaves."""
        query = (("by", "index"), ("value", self._settings.account))
        return await self._ask(wire.ACCOUNT, query, codec_rest.decode_account, urgent=urgent, leaving=leaving)

    async def next_nonce(self) -> int:
        """What the key's next transaction must carry. Urgent: nothing leaves before it is known."""
        query = (self._own, ("api_key_index", str(self._settings.api_key_index)))
        return await self._ask(wire.NEXT_NONCE, query, codec_rest.decode_next_nonce, urgent=True)

    async def tx(self, tx_hash: str) -> EnrichedTx | None:
        """A transaction; None when the venue does not know it (now)."""
        query = (("by", "hash"), ("value", tx_hash))
        response = await self._get(wire.TX, query, urgent=False)
        if _code_of(response) in refusals.TX_UNKNOWN:
            return None
        return codec_orders.decode_tx(_usable(wire.TX, response))

    # questions of the account

    async def active_orders(self, market_id: int | None = None) -> list[OrderRow]:
        """Every open order, of one market or of all."""
        market = () if market_id is None else (("market_id", str(market_id)),)
        query = (self._own, *market)
        return (await self._ask(wire.ACTIVE_ORDERS, query, codec_orders.decode_orders, auth=True)).orders

    async def inactive_orders(self, since_ns: int, market_id: int | None = None) -> list[OrderRow]:
        """Orders that ended since then, newest first; the venue keeps a day (conventions page, 2026-07)."""
        market = () if market_id is None else (("market_id", str(market_id)),)
        rows: list[OrderRow] = []
        cursor: Query = ()
        for _ in range(self._settings.history_pages_most):
            query = (self._own, *market, self._limit, *cursor)
            page = await self._ask(wire.INACTIVE_ORDERS, query, codec_orders.decode_orders, auth=True)
            rows += [row for row in page.orders if _ended_ns(row) >= since_ns]
            if not page.orders or not page.next_cursor or _ended_ns(page.orders[-1]) < since_ns:
                break
            cursor = (("cursor", page.next_cursor),)
        return rows

    async def trades(self, since_ns: int) -> list[TradeRow]:
        """Our trades since then, newest first."""
        rows: list[TradeRow] = []
        cursor: Query = ()
        for _ in range(self._settings.history_pages_most):
            query = (self._own, ("sort_by", "timestamp"), self._limit, *cursor)
            page = await self._ask(wire.TRADES, query, codec_orders.decode_trades, auth=True)
            found = page.trades or []
            rows += [row for row in found if ns(row.timestamp) >= since_ns]
            if not found or not page.next_cursor or ns(found[-1].timestamp) < since_ns:
                break
            cursor = (("cursor", page.next_cursor),)
        return rows

    async def payments(self, since_ns: int) -> list[FundingRow]:
        """Our funding payments since then, newest first."""
        rows: list[FundingRow] = []
        cursor: Query = ()
        for _ in range(self._settings.history_pages_most):
            query = (self._own, self._limit, *cursor)
            page = await self._ask(wire.POSITION_FUNDING, query, codec_rest.decode_fundings, auth=True)
            found = page.position_fundings
            rows += [row for row in found if row.timestamp * NS_PER_S >= since_ns]
            if not found or not page.next_cursor or found[-1].timestamp * NS_PER_S < since_ns:
                break
            cursor = (("cursor", page.next_cursor),)
        return rows

    # transactions

    async def post(self, body: bytes) -> HttpResponse:
        """Send a signed transaction; its rate limit is `sending`'s. Raises TransportError."""
        headers = (("content-type", wire.FORM),)
        timeout_s = self._settings.request_timeout_s
        request = HttpRequest(method="POST", path=wire.SEND_TX, headers=headers, body=body, timeout_s=timeout_s)
        return await self._transport.request(request)

    @property
    def _own(self) -> tuple[str, str]:
        return ("account_index", self._settings.account)

    @property
    def _limit(self) -> tuple[str, str]:
        return ("limit", str(self._settings.history_page_rows))

    async def _ask(
        self,
        path: str,
        query: Query,
        decode: Callable[[bytes], T],
        *,
        auth: bool = False,
        urgent: bool = False,
        leaving: Leaving = unnoted,
    ) -> T:
        return decode(_usable(path, await self._get(path, query, auth=auth, urgent=urgent, leaving=leaving)))

    async def _get(
        self, path: str, query: Query, *, urgent: bool, auth: bool = False, leaving: Leaving = unnoted
    ) -> HttpResponse:
        await when_affordable(self._budget, self._now_ns, urgent=urgent)
        headers = ((wire.AUTH_HEADER, await self.token()),) if auth else ()
        timeout_s = self._settings.request_timeout_s
        request = HttpRequest(method="GET", path=path, query=query, headers=headers, timeout_s=timeout_s)
        leaving()
        response = await self._transport.request(request)
        if response.status == 429 or _code_of(response) == wire.ErrorCode.TOO_MANY_REQUESTS:
            pause_s = named_wait_s(response.headers, self._settings.rate_pause_s)
            self._budget.refused(self._now_ns(), pause_s)
            raise TransportError(f"{path}: HTTP {response.status}: too many requests", sent=True)
        return response


async def when_affordable(budget: Budget, now_ns: NowNs, *, urgent: bool) -> None:
    """Wait for room in a rate limit, and take it."""
    while True:
        if budget.spend(1, now_ns(), urgent=urgent):
            return
        # A hair more than said: rounding must not wake us a nanosecond early, again and again.
        await trio.sleep(budget.wait_s(1, now_ns(), urgent=urgent) + 0.001)


def _usable(path: str, response: HttpResponse) -> bytes:
    if response.status == 200:
        return response.body
    detail = f"HTTP {response.status}: {refusals.excerpt(response)}"
    if response.status >= 500:
        raise TransportError(f"{path}: {detail}", sent=True)
    raise FrameError(path, detail)


def _code_of(response: HttpResponse) -> int | None:
    """The code of a refusal, None for a success or an unreadable body."""
    if response.status == 200:
        return None
    try:
        return _HEAD.decode(response.body).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _ended_ns(row: OrderRow) -> int:
    return ns(max(row.timestamp, row.updated_at))
