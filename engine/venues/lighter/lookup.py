"""Asking the venue what became of an order. Counterpart: `ledger`, which turns the answers into messages.

Open orders, then ended ones, by our client order index; then the transaction by its hash; then the nonce. An order that
the venue never spoke of is called rejected once nothing of it can be executed any more: another transaction was
executed with its nonce, its own has lapsed, or it never left here and may not any more. That is proof, whatever the
time. To get there sooner, the market's orders are cancelled with the very nonce that the order in doubt would have
used: whichever of the two the venue executes, the other one is void. (A cancel of the order alone would be refused at
the API when there is no such order, and use no nonce: inferred.) An accepted transaction is only queued; it proves
nothing. An order that the venue spoke of and shows nowhere is called unknown: its position says what it did; and so is
one of an earlier process with that proof, for perhaps nobody ever sent it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actors.domain import NS_PER_S, RejectReason, Venue
from actors.messages import OrderRejected, OrderUnknown, VenueMessage
from engine.venues.adapter import NowNs
from engine.venues.lighter.client import Client
from engine.venues.lighter.codec import ns
from engine.venues.lighter.codec_orders import application_error
from engine.venues.lighter.ledger import Known, Ledger, rejected
from engine.venues.lighter.refusals import Accepted, reason_of_text
from engine.venues.lighter.sending import Sending
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing_request import CancelAll
from engine.venues.lighter.wire_orders import TX_EXECUTED, TX_FAILED, OrderRow, TxRow
from engine.venues.lost_answers import LOST_ANSWERS

LAPSES_NS = int(LOST_ANSWERS[Venue.LIGHTER].lands_most_s * NS_PER_S)
"""From when a transaction was signed, with a margin between the signer's clock, which sets its end, and ours."""
Silence = Callable[[Callable[[], bool]], Awaitable[bool]]


class Undecided(Exception):
    """The venue was asked, and its answers do not tell yet what became of the order."""


class Lookup:
    """Raises `Undecided`, and whatever `client` raises."""

    def __init__(
        self,
        settings: LighterSettings,
        client: Client,
        ledger: Ledger,
        sending: Sending,
        now_ns: NowNs,
        silence: Silence,
    ) -> None:
        """`silence` waits for the stream to tell something, at most for its grace."""
        self._silence = silence
        self._settings, self._client, self._ledger = settings, client, ledger
        self._sending, self._now_ns = sending, now_ns
        self._started_ns = now_ns()

    async def order(self, order_id: str, asset: str) -> tuple[VenueMessage, ...]:
        """Fills not told before, then what the venue says of the order."""
        known = self._ledger.expect(order_id, asset)
        if self._known_void(known):
            return (known.end or OrderUnknown(venue=Venue.LIGHTER, order_id=order_id),)
        market = self._ledger.markets.of_asset(asset)
        if market is None:
            raise Undecided(f"{asset} is not listed")
        asked_ns = self._now_ns()
        row = await self._row(known, market.market_id)
        if row is not None:
            return await self._found(known, row)
        current = self._ledger.expect(order_id, asset)  # the stream may have told meanwhile
        if current.end is not None:
            return (current.end,)
        return await self._absent(current, market.market_id, asked_ns)

    async def _row(self, known: Known, market_id: int) -> OrderRow | None:
        """The order among those open or ended. One that ends between the two questions is found by the second."""
        active = await self._client.active_orders(market_id)
        row = _of(active, known)
        if row is None:
            row = _of(await self._client.inactive_orders(self._since_ns(known), market_id), known)
        return row

    async def _found(self, known: Known, row: OrderRow) -> tuple[VenueMessage, ...]:
        told = self._ledger.order(row, asked=True)
        current = self._ledger.expect(known.order_id, known.asset)
        if current.claimed <= current.told:
            return told
        trades = await self._client.trades(self._since_ns(known))
        return (*self._ledger.trades(trades), *told)

    async def _absent(self, known: Known, market_id: int, asked_ns: int) -> tuple[VenueMessage, ...]:
        """In no list, as they were at `asked_ns` or later."""
        if known.heard:
            return (OrderUnknown(venue=Venue.LIGHTER, order_id=known.order_id),)
        tx = await self._client.tx(known.tx_hash) if known.tx_hash else None
        if tx is not None:
            return await self._by_transaction(known, tx, asked_ns)
        why = await self._never_executed(known, market_id)
        if not why:
            raise Undecided("neither listed nor refused; its transaction may be under way")
        self._ledger.void(known.order_id, asked_ns)
        if not known.sent_at_ns:
            return (OrderUnknown(venue=Venue.LIGHTER, order_id=known.order_id),)  # perhaps nobody ever sent it
        reason = RejectReason.EXPIRED if known.nonce is None else RejectReason.NONCE
        return (self._ledger.refused(rejected(known.order_id, reason, f"never executed: {why}")),)

    async def _by_transaction(self, known: Known, tx: TxRow, asked_ns: int) -> tuple[VenueMessage, ...]:
        """A reduce-only order without anything to reduce can vanish without a word; its transaction tells.

        Lists that were asked for before the transaction had settled prove nothing, nor do they against a fill.
        """
        error = application_error(tx)
        if tx.status == TX_FAILED:
            return (self._ledger.failed(known, tx),)
        if tx.status != TX_EXECUTED:
            raise Undecided("its transaction is queued")
        if error:
            refused = rejected(known.order_id, reason_of_text(error), f"executed with {error}")
            return (self._ledger.refused(refused),)
        settled_ns = ns(tx.executed_at) + int(self._settings.outcome_grace_s * NS_PER_S)
        if known.reduce_only and asked_ns >= settled_ns:
            fills = self._ledger.trades(await self._client.trades(self._since_ns(known)))
            if self._ledger.expect(known.order_id, known.asset).heard:
                return fills
            why = "executed without an order: nothing to reduce"
            refused = self._ledger.refused(rejected(known.order_id, RejectReason.REDUCE_ONLY, why))
            return (*fills, refused)
        raise Undecided("its transaction is executed, the order in no list yet")

    def _known_void(self, known: Known) -> bool:
        """Whether it was found a while ago that it can never be executed, and nothing else was said: it stays so."""
        repeat_ns = int(self._settings.unknown_repeat_s * NS_PER_S)
        fresh = known.void_at_ns and self._now_ns() < known.void_at_ns + repeat_ns
        return bool(fresh) and (isinstance(known.end, OrderRejected) or not known.heard)

    async def _never_executed(self, known: Known, market_id: int) -> str:
        """What proves that no transaction of this order can be executed any more; empty when nothing does."""
        if not known.sent_at_ns:
            return "later transactions of the key were" if await self._barred(known, market_id) else ""
        if known.nonce is None:
            return "it never left, and its time is over" if self._now_ns() > known.leaves_by_ns else ""
        if self._ledger.outlived(known) or await self._outrun(known.nonce, known.signed_hash):
            return f"another transaction was, with its nonce {known.nonce}"
        if self._now_ns() > known.sent_at_ns + LAPSES_NS:
            return "its transaction has lapsed"
        taken = await self._take_its_nonce(known, known.nonce, market_id)
        return f"a cancel was, with its nonce {known.nonce}" if taken else ""

    async def _outrun(self, nonce: int, mine: str) -> bool:
        """Whether a transaction of another hash than `mine` was executed with this nonce, as was told or is asked."""
        for rival in () if self._sending.nonces.void(nonce, mine) else self._sending.nonces.rivals(nonce, mine):
            tx = await self._client.tx(rival)
            if tx is not None and tx.status == TX_EXECUTED:
                self._sending.nonces.executed(nonce, rival)
        return self._sending.nonces.void(nonce, mine)

    async def _barred(self, known: Known, market_id: int) -> bool:
        """Whether no transaction of an earlier process can come any more: once the venue has executed one of ours.

        The nonces of an earlier process end where ours begin. If need be a cancel-all goes first; the lists that were
        asked for before it prove nothing then, so the order is called rejected at the next question.
        """
        nonces = self._sending.nonces
        if not nonces.began and nonces.first is not None:
            await self._outrun(nonces.first, mine="")
        if not nonces.began and self._alone(known):
            await self._sending.send_anew(lambda now: CancelAll(market_index=market_id, nonce=now))
            return False
        return nonces.began or self._now_ns() > self._started_ns + LAPSES_NS

    async def _take_its_nonce(self, known: Known, nonce: int, market_id: int) -> bool:
        """Cancel with the order's own nonce, if the venue still waits for that one and nothing else would be hit."""
        if not self._alone(known):
            return False
        outcome = await self._sending.send(
            self._sending.ticket(), lambda now: CancelAll(market_index=market_id, nonce=now), only_nonce=nonce
        )
        if not isinstance(outcome, Accepted):
            return False
        await self._silence(lambda: self._sending.nonces.void(nonce, known.signed_hash))
        return await self._outrun(nonce, known.signed_hash)

    def _alone(self, known: Known) -> bool:
        """Whether no other order of ours may be open in the market, or be waiting to leave for it."""
        others = (other for other in self._ledger.undecided(known.asset) if other.index != known.index)
        return all(other.nonce is None and 0 < other.leaves_by_ns < self._now_ns() for other in others)

    def _since_ns(self, known: Known) -> int:
        return max(0, known.sent_at_ns - int(self._settings.backfill_overlap_s * NS_PER_S))


def _of(rows: list[OrderRow], known: Known) -> OrderRow | None:
    return next((row for row in rows if row.client_order_index == known.index), None)
