"""The dialogues every venue passes. Each begins flat, and is followed by a clean-up that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import StrEnum

import msgspec
import trio

from actors.commands import CancelOrder, QueryOrder
from actors.domain import HOUR_NS, NS_PER_S, ZERO, DoneReason, RejectReason, Side, TimeInForce
from actors.messages import (
    FundingPaid,
    MarketSampled,
    OrderAccepted,
    OrderDone,
    OrderRejected,
    OrderUnknown,
    PositionDeleveraged,
    PositionLiquidated,
)
from engine.conformance.stand import Outcome, Stand

FORCED_RATE = Decimal("0.001")
FUNDING_TOLERANCE = Decimal("0.02")
OUTAGE_S = 4.0
AFTER_THE_HOUR_S = 120.0
SETTLE_S = 5.0
PRICE_MAY_MOVE = 2
"""A minimum in base units (Drift's) is told in USD of when it was listed."""


class Lever(StrEnum):
    """What a dialogue needs of a simulator; a test network cannot be asked for it."""

    NONE = "none"
    EXCHANGE = "a simulator's lever"
    UNCAPPED = "an order beyond any size cap"


class Dialogue(msgspec.Struct, frozen=True, kw_only=True):
    """`rule` is what every venue must do; `needs` what else than the venue it takes."""

    name: str
    rule: str
    run: Callable[[Stand], Awaitable[str]]
    needs: Lever = Lever.NONE
    adl: bool = False


def _filled(outcome: Outcome) -> Decimal:
    return outcome.filled if isinstance(outcome, OrderDone) else ZERO


async def _open(stand: Stand, times: int) -> Decimal:
    """A long position of `times` units, verified."""
    order = stand.order(Side.BUY, stand.unit(times))
    await stand.trade(order)
    size = await stand.position()
    stand.require(size == order.size, f"a position of {order.size}", f"{size} ({stand.about(order.order_id)})")
    return size


async def partial_fill_then_cancel_race(stand: Stand) -> str:
    """The cancel leaves together with the order, whose IOC finds half of what it wants."""
    assert stand.levers is not None
    await stand.levers.pull("cap_next_ioc", fraction="0.5")
    order = stand.order(Side.BUY, stand.unit(4))
    await stand.perform(order, CancelOrder(venue=order.venue, asset=order.asset, order_id=order.order_id))
    outcome = await stand.outcome(order.order_id)
    await trio.sleep(SETTLE_S)
    filled, held = stand.filled(order.order_id), await stand.position()
    stand.require(filled == held, "fills that add up to the position", f"{filled} against {held}")
    stand.require(_filled(outcome) == held, f"an outcome with {held} filled", outcome)
    stand.require(held < order.size, "less than the whole order", held)
    return f"{held} of {order.size} filled, told once"


async def reduce_only_on_flat(stand: Stand) -> str:
    """A reduce-only order without a position must not open one."""
    order = stand.order(Side.SELL, stand.unit(), reduce_only=True)
    outcome = await stand.trade(order)
    held = await stand.position()
    stand.require(not held and not _filled(outcome), "no position and no fill", f"{held}, {outcome}")
    return _words(outcome)


async def post_only_that_would_cross(stand: Stand) -> str:
    """A post-only order that would take must not take."""
    price = stand.limit(Side.BUY, TimeInForce.IOC, Decimal("0.002"))
    order = stand.order(Side.BUY, stand.unit(), TimeInForce.POST_ONLY, limit_price=price)
    outcome = await stand.trade(order)
    named = getattr(outcome, "reason", None)
    allowed = (RejectReason.POST_ONLY_WOULD_CROSS, DoneReason.POST_ONLY_REJECTED)
    stand.require(named in allowed, "a refusal that says post-only", outcome)
    stand.require(not await stand.position(), "no position", "one")
    return _words(outcome)


async def unknown_order_status(stand: Stand) -> str:
    """An order that never was is unknown; that is an answer, not a failed query."""
    before, order_id = len(stand.said), stand.next_id()
    await stand.perform(QueryOrder(venue=stand.terms.venue, asset=stand.terms.asset, order_id=order_id))
    await stand.hear(OrderUnknown, "OrderUnknown", lambda m: m.order_id == order_id, before, stand.terms.patience_s)
    return "unknown"


async def duplicate_client_id(stand: Stand) -> str:
    """Of two orders with one client id, one exists."""
    order = stand.order(Side.BUY, stand.unit(), TimeInForce.POST_ONLY)
    await stand.perform(order)
    await stand.hear(OrderAccepted, "OrderAccepted", lambda m: m.order_id == order.order_id, 0, stand.terms.patience_s)
    before = len(stand.said)
    await stand.perform(order)
    refused = [m for m in stand.heard(OrderRejected, before) if m.order_id == order.order_id]
    accepted = {m.venue_order_id for m in stand.heard(OrderAccepted) if m.order_id == order.order_id}
    stand.require(bool(refused) or len(accepted) == 1, "one order for one client id", stand.about(order.order_id))
    await stand.cancel(order.order_id)
    outcome = await stand.outcome(order.order_id)
    stand.require(not _filled(outcome), "nothing filled", outcome)
    return refused[0].detail if refused else "the same order again"


async def request_timed_out_but_executed(stand: Stand) -> str:
    """The answer is lost after the venue has executed the order: it is found, and booked once."""
    stand.wire.lose_next_answer()
    order = stand.order(Side.BUY, stand.unit())
    outcome = await stand.trade(order)
    return await _booked_once(stand, order.order_id, order.size, outcome)


async def nonce_reuse(stand: Stand) -> str:
    """The same signed bytes a second time do nothing."""
    order = stand.order(Side.BUY, stand.unit())
    outcome = await stand.trade(order)
    request = stand.wire.last_order
    stand.require(request is not None, "an order request to repeat", "none")
    assert request is not None
    answer = await stand.wire.inner.request(request)
    await trio.sleep(SETTLE_S)
    await _booked_once(stand, order.order_id, order.size, outcome)
    return f"HTTP {answer.status}: {answer.body[:60].decode(errors='replace')}"


async def below_minimum(stand: Stand) -> str:
    """A resting order worth less than the venue's minimum is refused (Lighter's minimum binds resting orders alone)."""
    lot, minimum = stand.instrument.lot, stand.instrument.min_notional_usd
    if lot * stand.quote.mid * PRICE_MAY_MOVE >= minimum:
        return f"not to be had: one lot is worth about {minimum:.2f} USD or more"
    outcome = await stand.trade(stand.order(Side.BUY, lot, TimeInForce.POST_ONLY))
    stand.require(isinstance(outcome, OrderRejected), "a refusal", outcome)
    return _words(outcome)


async def off_tick(stand: Stand) -> str:
    """A price between two ticks never becomes an order."""
    good = stand.limit(Side.BUY, TimeInForce.POST_ONLY)
    step = stand.instrument.tick or Decimal(1).scaleb(-stand.instrument.price_decimals - 1)
    outcome = await stand.trade(stand.order(Side.BUY, stand.unit(), TimeInForce.POST_ONLY, limit_price=good + step / 4))
    stand.require(isinstance(outcome, OrderRejected), "a refusal", outcome)
    stand.require(getattr(outcome, "reason", None) is RejectReason.TICK, "a refusal that says tick", outcome)
    return _words(outcome)


async def margin_refused(stand: Stand) -> str:
    """An order beyond the account's margin is refused."""
    instrument = stand.instrument
    wanted = stand.equity_usd * instrument.max_leverage * 2 / stand.quote.mid
    size = (wanted // instrument.lot) * instrument.lot
    outcome = await stand.trade(stand.order(Side.BUY, size, TimeInForce.POST_ONLY), uncapped=True)
    named = getattr(outcome, "reason", None)
    stand.require(named in (RejectReason.MARGIN, DoneReason.MARGIN_CANCELED), "a refusal that says margin", outcome)
    return _words(outcome)


async def adl_fill(stand: Stand) -> str:
    """Auto-deleveraging takes half of a position: told as such, once."""
    return await _forced(stand, "deleverage", PositionDeleveraged)


async def liquidation_fill(stand: Stand) -> str:
    """A liquidation takes half of a position: told as such, once."""
    return await _forced(stand, "liquidate", PositionLiquidated)


async def _forced(stand: Stand, lever: str, kind: type[PositionDeleveraged] | type[PositionLiquidated]) -> str:
    assert stand.levers is not None
    held, before = await _open(stand, 4), len(stand.said)
    await stand.levers.pull(lever, size=str(held / 2))
    await stand.hear(kind, kind.__name__, lambda m: m.asset == stand.terms.asset, before, stand.terms.patience_s)
    await trio.sleep(SETTLE_S)
    left, taken = await stand.position(), stand.forced(kind, before)
    stand.require(left == held - taken, f"{held} less {taken}", left)
    stand.require(taken == held / 2, f"{held / 2} taken, told once", taken)
    return f"{taken} of {held} taken"


async def funding_payment(stand: Stand) -> str:
    """A long pays a positive rate at the hour: one record, size times oracle times rate."""
    assert stand.levers is not None
    held, before = await _open(stand, 4), len(stand.said)
    await stand.levers.pull("force_funding_rate", rate=str(FORCED_RATE))
    wait_s = (HOUR_NS - stand.now_ns() % HOUR_NS) / NS_PER_S + AFTER_THE_HOUR_S
    paid = await stand.hear(FundingPaid, "FundingPaid", lambda m: m.asset == stand.terms.asset, before, wait_s)
    sample = [m for m in stand.heard(MarketSampled) if m.asset == stand.terms.asset][-1]
    expected = -held * sample.oracle * FORCED_RATE
    near = abs(paid.amount_usd - expected) <= abs(expected) * FUNDING_TOLERANCE
    stand.require(near, f"about {expected:.4f} USD", paid.amount_usd)
    await trio.sleep(SETTLE_S)
    stand.require(len({m.payment_id for m in stand.heard(FundingPaid, before)}) == 1, "one payment", "several")
    return f"{paid.amount_usd:.4f} USD for {held} at {paid.rate_per_hour} an hour"


async def reconnect_with_missed_fills(stand: Stand) -> str:
    """The stream is down and the answer lost while an order fills: told once, after the reconnect."""
    before = len(stand.said)
    stand.wire.cut_streams(OUTAGE_S)
    stand.wire.lose_next_answer()
    order = stand.order(Side.BUY, stand.unit())
    await stand.perform(order)
    await stand.link_up(before, OUTAGE_S + stand.terms.patience_s * 2)
    return await _booked_once(stand, order.order_id, order.size, await stand.outcome(order.order_id))


async def _booked_once(stand: Stand, order_id: str, size: Decimal, outcome: Outcome) -> str:
    await trio.sleep(SETTLE_S)
    filled, held = stand.filled(order_id), await stand.position()
    stand.require(held == size, f"a position of {size}", f"{held} ({stand.about(order_id)})")
    stand.require(filled == size, f"fills of {size}, told once", filled)
    stand.require(_filled(outcome) == size, f"an outcome with {size} filled", outcome)
    return f"{filled} filled, told once"


def _words(outcome: Outcome) -> str:
    reason = getattr(outcome, "reason", "unknown")
    return f"{type(outcome).__name__} {reason}"


DIALOGUES = (
    Dialogue(
        name="partial fill then cancel race",
        rule="fills, outcome and position agree when the cancel leaves with the order",
        run=partial_fill_then_cancel_race,
        needs=Lever.EXCHANGE,
    ),
    Dialogue(name="reduce-only on flat", rule="opens nothing", run=reduce_only_on_flat),
    Dialogue(name="post-only that would cross", rule="is refused and says so", run=post_only_that_would_cross),
    Dialogue(name="unknown order status", rule="is an answer", run=unknown_order_status),
    Dialogue(name="duplicate client id", rule="makes no second order", run=duplicate_client_id),
    Dialogue(
        name="request timed out but executed",
        rule="is unresolved, then found, and booked once",
        run=request_timed_out_but_executed,
    ),
    Dialogue(name="nonce reuse", rule="the same signed bytes do nothing the second time", run=nonce_reuse),
    Dialogue(name="below minimum", rule="is refused", run=below_minimum),
    Dialogue(name="off tick", rule="is refused and says so", run=off_tick),
    Dialogue(name="margin refused", rule="is refused and says so", run=margin_refused, needs=Lever.UNCAPPED),
    Dialogue(name="ADL fill", rule="is told as such, once", run=adl_fill, needs=Lever.EXCHANGE, adl=True),
    Dialogue(name="liquidation fill", rule="is told as such, once", run=liquidation_fill, needs=Lever.EXCHANGE),
    Dialogue(
        name="funding payment", rule="one record with the venue's amount", run=funding_payment, needs=Lever.EXCHANGE
    ),
    Dialogue(
        name="reconnect with missed fills",
        rule="what was missed is told once, after the reconnect",
        run=reconnect_with_missed_fills,
    ),
)
