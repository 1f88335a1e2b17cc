"""Drift as seen from its wire: a Solana node and a DLOB server over one pure exchange.

Implements `engine.simulators.face.Face`; counterpart: `engine.venues.drift`. A transaction is acknowledged when it is
sent and executed when it lands; what happened is read from accounts and logs, nothing of it is pushed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.simulators.drift.accounts import Accounts
from engine.simulators.drift.books import Books
from engine.simulators.drift.chain import Chain
from engine.simulators.drift.dlob import BadQuery, Dlob
from engine.simulators.drift.errors import REFUSED, instruction_error
from engine.simulators.drift.grouping import grouped
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.program import Program
from engine.simulators.drift.replies import RpcError, preflight_error
from engine.simulators.drift.rpc import Rpc
from engine.simulators.drift.sending import Sending
from engine.simulators.drift.verification import program_addresses, wallet_of
from engine.simulators.drift.verification_idl import drift_idl
from engine.simulators.exchange import Events, Exchange, RejectReason
from engine.simulators.face import Push
from engine.simulators.market import Market
from engine.simulators.movement import move_market
from engine.venues.drift.wire import DLOB_L2_PATH, DLOB_STREAM_PATH, EXCHANGE_PAUSED, NODE_UNHEALTHY, RPC_PATH
from engine.venues.transport import HttpRequest, HttpResponse

JSON = (("content-type", "application/json; charset=utf-8"),)
PLAIN = (("content-type", "text/plain; charset=utf-8"),)
NOT_POST = b"Used HTTP Method is not allowed. POST or OPTIONS is required"
DLOB_L3_PATH = "/dlob/l3"
TRADING_CALL = 2
"""Which instruction a fault's refusal is blamed on: the one after the two that set the compute budget."""


class DriftFace:
    """One simulated Drift.

    `accounts`: deposit in USD by authority (base58); each has its first sub-account already. `market` is sampled as
    venue "drift" for every listed instrument, whose asset names are the program's market names ("SOL-PERP").
    `delegates`: the key that may trade for an authority besides its own.
    """

    venue = "drift"

    def __init__(
        self,
        exchange: Exchange,
        market: Market,
        accounts: Mapping[str, Decimal],
        *,
        delegates: Mapping[str, str] | None = None,
        knobs: DriftKnobs | None = None,
        seed: int = 0,
    ) -> None:
        """Raises KeyError for a market the program has no number for (`DriftKnobs.market_indexes`)."""
        self._exchange, self._market, self.knobs = exchange, market, knobs or DriftKnobs()
        indexes = {spec.asset: self.knobs.market_indexes[spec.asset] for spec in exchange.instruments}
        wallets = {authority: wallet_of(self.knobs.program_id, authority) for authority in accounts}
        for authority, deposit_usd in accounts.items():
            exchange.open_account(authority, deposit_usd)
        self.books = Books(indexes, tuple((wallets[name], deposit_usd) for name, deposit_usd in accounts.items()))
        for authority, delegate in (delegates or {}).items():
            self.books.users[authority].delegate = delegate
        self.addresses = program_addresses(self.knobs.program_id, tuple(indexes.values()))
        self.chain = Chain(self.knobs, seed)
        self._idl = drift_idl()
        self._program = Program(exchange, self.books, self.addresses, self._idl, self.knobs)
        reads = Accounts(exchange, self.books, self.chain, self._program, self.addresses, self._idl, self.knobs)
        self._sending = Sending(self.chain, self._program, reads, self.addresses)
        self._rpc = Rpc(self.chain, reads, self._sending)
        self._dlob = Dlob(exchange, self.books, self.chain, self.knobs)

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire."""
        return self._exchange

    @property
    def busy(self) -> bool:
        """A transaction is on its way, or an order rests."""
        return self.chain.waiting or bool(self.books.by_exchange_id)

    # requests

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Answer one request to the node or to the DLOB server."""
        self._begin(now_ns)
        if request.path == RPC_PATH:
            if request.method != "POST":
                return HttpResponse(status=405, body=NOT_POST, headers=PLAIN)
            return _json(self._rpc.answer(request.body))
        asked = {DLOB_L2_PATH: self._dlob.l2, DLOB_L3_PATH: self._dlob.l3}.get(request.path)
        if asked is None or request.method != "GET":
            return HttpResponse(status=404, body=b"Not Found", headers=PLAIN)
        try:
            return _json(asked(dict(request.query)))
        except BadQuery as bad:
            return HttpResponse(status=400, body=str(bad).encode(), headers=PLAIN)

    def refusal(self, now_ns: int, request: HttpRequest, reason: str) -> HttpResponse:
        """Refuse a request unexecuted: a transaction by its preflight, another call as by a node that lags behind."""
        self._begin(now_ns)
        if request.path != RPC_PATH:
            return HttpResponse(status=500, body=reason.encode(), headers=PLAIN)
        return _json(self._rpc.refuse(request.body, self._refused(request.body, reason)))

    def _refused(self, body: bytes, reason: str) -> RpcError:
        if b'"sendTransaction"' not in body:
            return RpcError(NODE_UNHEALTHY, f"Node is unhealthy: {reason}", {"numSlotsBehind": None})
        names = {each.value: REFUSED[each] for each in RejectReason}
        name = names.get(reason)
        if name is None:
            return preflight_error(reason)
        code, _ = self._idl.error(name)
        return preflight_error(instruction_error(TRADING_CALL, code))

    # the stream

    def connect(self, now_ns: int, path: str) -> int:
        """Open a stream; only the DLOB server has one."""
        self._begin(now_ns)
        connection = self._dlob.connect()
        if path != DLOB_STREAM_PATH:
            self._dlob.reject(connection, "not found")
        return connection

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Take a subscription."""
        self._begin(now_ns)
        self._dlob.receive(connection, frame)

    def disconnect(self, connection: int) -> None:
        """Forget a stream."""
        self._dlob.disconnect(connection)

    def take_outbox(self) -> list[Push]:
        """Hand over all waiting pushes."""
        return self._dlob.take()

    # the world moves

    def advance(self, now_ns: int) -> None:
        """Land what is due, move every market, settle funding, expire orders, push the books that changed."""
        self._begin(now_ns)
        now_ns = self.chain.now_ns
        for spec in self._exchange.instruments:
            self._happened(move_market(self._exchange, self._market, self.venue, spec.asset, now_ns))
        self._happened(self._exchange.settle_funding(now_ns))
        self._happened(self._exchange.expire(now_ns))
        self._dlob.publish()
        self._dlob.beat()

    def publish(self, now_ns: int, events: Events) -> None:
        """Tell what a lever pulled on the exchange has caused."""
        self._begin(now_ns)
        self._happened(events)
        self._dlob.publish()

    def cap_next_fill(self, fraction: Decimal) -> None:
        """Let the next IOC fill at most this fraction of its size."""
        self._exchange.cap_next_ioc(fraction)

    def _begin(self, now_ns: int) -> None:
        self.chain.move(now_ns)
        if self.chain.waiting and self._sending.land_due():
            self._dlob.publish()

    def _happened(self, events: Events) -> None:
        """Everybody's events become transactions of keepers, each in its own."""
        if not events:
            return
        for group in grouped(events):
            outcome = self._program.keep(group, self._sending.keeper_moment())
            if outcome is not None:
                self._sending.land_keeper(outcome)

    # levers of this venue alone

    def pause(self) -> None:
        """The admins pause the program: every instruction fails with ExchangePaused."""
        self.set_status(EXCHANGE_PAUSED)

    def resume(self) -> None:
        """The program runs again, as it was written."""
        self.set_status(0)
        self._program.retired = False

    def set_status(self, status: int) -> None:
        """Set the bits of `State.exchange_status`."""
        self._program.status = status

    def retire(self) -> None:
        """The program is replaced by one that knows no instruction, as on 2026-04-01 (v2.162)."""
        self._program.retired = True

    def drop_next_transactions(self, count: int = 1) -> None:
        """The next transactions are acknowledged by the node and never land."""
        self.chain.drop_next(count)

    def socialise_loss(self, now_ns: int, symbol: str, usd_per_base: Decimal) -> None:
        """Somebody else's bankruptcy is borne by all holders of a market, at so much per base."""
        self._begin(now_ns)
        index = self.books.index_of[symbol]
        self._sending.land_keeper(self._program.social_loss(index, usd_per_base, self._sending.keeper_moment()))


def _json(told: Any) -> HttpResponse:
    return HttpResponse(status=200, body=msgspec.json.encode(told), headers=JSON)
