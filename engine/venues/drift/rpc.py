"""The JSON-RPC node as functions: each sends one call and reads its answer. Bounded by the provider's rate.

Counterpart: `codec`, which knows the shapes. Raises TransportError, FrameError, and RpcRefused for the node's own
error; `sent` of a TransportError tells whether the node may have got the call.
"""

from __future__ import annotations

from typing import TypeVar

import trio

from engine.venues.adapter import NowNs
from engine.venues.budget import Budget, named_wait_s
from engine.venues.drift.codec import decode_book, decode_reply, encode_call, reading_options
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.wire import (
    DLOB_L2_PATH,
    RPC_PATH,
    Book,
    LatestBlockhashReply,
    MultipleAccounts,
    SignatureRow,
    SignatureStatuses,
    Transaction,
)
from engine.venues.link import FrameError
from engine.venues.transport import HttpRequest, HttpResponse, Transport, TransportError

T = TypeVar("T")
RATE_LIMITED = 429
WAIT_LEAST_S = 0.01
LIMITED = "the node's rate limit is reached"


class Rpc:
    """One node and its DLOB server."""

    def __init__(self, settings: DriftSettings, transport: Transport, now_ns: NowNs) -> None:
        self._settings, self._transport, self._now_ns = settings, transport, now_ns
        self._calls = 0
        self._budget = Budget(
            limit=settings.requests_most,
            window_s=settings.requests_window_s,
            reserve=settings.requests_reserved,
        )

    def affords(self, *, urgent: bool) -> bool:
        """Whether an order's calls have room now; the reserve is for what reduces risk."""
        return self._budget.wait_s(3, self._now_ns(), urgent=urgent) == 0

    def left_fraction(self) -> float:
        """Of the node's calls in its window: the provider's limit. The venue itself, a program, has none."""
        return self._budget.left_fraction(self._now_ns())

    async def accounts(self, addresses: tuple[str, ...], slot_least: int = 0) -> MultipleAccounts:
        """Accounts in the order asked, true at the reply's slot, which is `slot_least` or later."""
        options = reading_options(self._settings.commitment, slot_least)
        reply = await self._call("getMultipleAccounts", MultipleAccounts, list(addresses), options)
        if len(reply.value) != len(addresses):
            raise FrameError("rpc/getMultipleAccounts", f"{len(reply.value)} accounts for {len(addresses)}")
        return reply

    async def blockhash(self) -> LatestBlockhashReply:
        """A blockhash for the next transactions."""
        options = {"commitment": self._settings.transactions.blockhash_commitment}
        return await self._call("getLatestBlockhash", LatestBlockhashReply, options, urgent=True)

    async def send(self, transaction: str) -> str:
        """Hand a signed transaction (base64) to the node; its signature. The node sends it on until it expires."""
        options: dict[str, object] = {
            "encoding": "base64",
            "skipPreflight": not self._settings.transactions.preflight,
            "preflightCommitment": self._settings.commitment,
        }
        return await self._call("sendTransaction", str, transaction, options, urgent=True)

    async def statuses(self, signature: str) -> SignatureStatuses:
        """How far one transaction got."""
        options = {"searchTransactionHistory": True}
        reply = await self._call("getSignatureStatuses", SignatureStatuses, [signature], options, urgent=True)
        if len(reply.value) != 1:
            raise FrameError("rpc/getSignatureStatuses", f"{len(reply.value)} statuses for one signature")
        return reply

    async def block_height(self) -> int:
        """The height of the finalized chain: what it has passed is known to every node, also to one that lags."""
        return await self._call("getBlockHeight", int, {"commitment": "finalized"}, urgent=True)

    async def transaction(self, signature: str) -> Transaction | None:
        """A landed transaction with its logs; None while the node does not serve it."""
        options = {
            "encoding": "json",
            "commitment": self._settings.commitment,
            "maxSupportedTransactionVersion": 0,
        }
        found: Transaction | None = await self._call(
            "getTransaction",
            Transaction | None,  # type: ignore[arg-type]
            signature,
            options,
            urgent=True,
        )
        return found

    async def signatures(self, address: str, *, until: str, before: str, limit: int) -> list[SignatureRow]:
        """Transactions that touched an account, newest first; `until` and `before` ("" = open) are left out."""
        options: dict[str, object] = {"limit": limit, "commitment": self._settings.commitment}
        options |= {"until": until} if until else {}
        options |= {"before": before} if before else {}
        return await self._call("getSignaturesForAddress", list[SignatureRow], address, options)

    async def book(self, symbol: str) -> Book:
        """A market's book from the DLOB server, the vAMM's own levels included."""
        query = (("marketName", symbol), ("depth", str(self._settings.book_depth)), ("includeVamm", "true"))
        request = HttpRequest(method="GET", path=DLOB_L2_PATH, query=query, timeout_s=self._settings.request_timeout_s)
        response = await self._transport.request(request)
        _check_status(response, "dlob/l2")
        return decode_book(response.body, f"dlob/l2/{symbol}")

    async def _call(self, method: str, kind: type[T], *params: object, urgent: bool = False) -> T:
        await self._room(urgent)
        self._calls += 1
        number = self._calls
        request = HttpRequest(
            method="POST",
            path=RPC_PATH,
            headers=(("content-type", "application/json"),),
            body=encode_call(number, method, *params),
            timeout_s=self._settings.request_timeout_s,
        )
        response = await self._transport.request(request)
        if response.status == RATE_LIMITED:
            pause_s = named_wait_s(response.headers, self._settings.requests_window_s)
            self._budget.refused(self._now_ns(), pause_s)
        _check_status(response, f"rpc/{method}")
        return decode_reply(response.body, number, method, kind)

    async def _room(self, urgent: bool) -> None:
        """Wait until the rate allows one more call."""
        while not self._budget.spend(1, self._now_ns(), urgent=urgent):  # noqa: ASYNC110 - a rate frees by time alone
            await trio.sleep(max(WAIT_LEAST_S, self._budget.wait_s(1, self._now_ns(), urgent=urgent)))


def _check_status(response: HttpResponse, channel: str) -> None:
    """Nothing but 200 is an answer. A 429 was refused before anything was done; any other status proves nothing."""
    if response.status == RATE_LIMITED:
        raise TransportError(LIMITED, sent=False)
    if response.status != 200:
        detail = response.body[:120].decode(errors="replace")
        raise TransportError(f"{channel}: HTTP {response.status}: {detail}", sent=True)
