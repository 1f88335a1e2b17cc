"""One market's attempts: prices that widen, sizes that were verified, words for a person."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain import ZERO, DoneReason, Instrument, Quote, RejectReason, Side, Venue
from actors.messages import OrderDone, OrderRejected, OrderUnknown
from engine.flatten.closing import Market, limit_price, words_of
from engine.flatten.desk import Desk
from engine.flatten.record import Line
from engine.flatten.settings import FlattenSettings
from engine.simulators.faults import FaultRule, Reject, Status, Traffic
from tests.engine.flatten.theatre import ASSET, LIGHTER, PACIFICA, Theatre, intents, play

LISTED = Instrument(
    venue=PACIFICA,
    asset="ETH",
    symbol="ETH",
    lot=Decimal("0.01"),
    price_decimals=1,
    min_notional_usd=Decimal(10),
    max_leverage=20,
    taker_fee=ZERO,
    maker_fee=ZERO,
    maintenance_fraction=ZERO,
    tick=Decimal("0.1"),
)
QUOTE = Quote(bid=Decimal(3000), bid_size=ZERO, ask=Decimal(3001), ask_size=ZERO, at_ns=0)
SETTINGS = FlattenSettings(slippages_bps=(Decimal(20), Decimal(50), Decimal(100)), rounds_most=1)


def test_a_limit_lies_so_far_beyond_the_touch_and_on_the_lattice() -> None:
    assert limit_price(LISTED, QUOTE, Side.BUY, Decimal(20)) == Decimal("3007.1")
    assert limit_price(LISTED, QUOTE, Side.SELL, Decimal(20)) == Decimal(2994)
    assert limit_price(LISTED, QUOTE, Side.SELL, Decimal(800)) == Decimal(2760)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (OrderDone(venue=PACIFICA, order_id="a", filled=ZERO, reason=DoneReason.IOC_REMAINDER), "done, ioc_remainder"),
        (
            OrderRejected(venue=PACIFICA, order_id="a", reason=RejectReason.MARGIN, detail="no"),
            "rejected, margin: no",
        ),
        (OrderUnknown(venue=PACIFICA, order_id="a"), "does not know it"),
        (None, "unresolved"),
    ],
)
def test_every_end_of_an_order_has_words(end: OrderDone | OrderRejected | OrderUnknown | None, words: str) -> None:
    assert words in words_of(end)


async def cleared(
    venue: Venue, *faults: FaultRule, size: str = "1", settings: FlattenSettings = SETTINGS
) -> tuple[Market, Theatre]:
    """One market of a simulated venue, cleared once."""
    theatre = Theatre((venue,), faults=faults, settings=settings)
    theatre.hold({(venue, ASSET): size})
    _, (work,) = await theatre.flatten()
    return work.markets[ASSET], theatre


def refused(reason: str, **more: object) -> FaultRule:
    return FaultRule(
        name=reason,
        traffic=Traffic.HTTP,
        match="*/orders/create",
        fault=Reject(reason=reason),
        **more,  # type: ignore[arg-type]
    )


def slippages(theatre: Theatre) -> list[int]:
    """How far beyond the touch each order went, in whole bps."""
    return [round(abs(order.limit_price / order.decision_mid - 1) * 10_000) for order in intents(theatre.lines)]


def test_each_attempt_goes_further_and_there_is_a_last_one() -> None:
    async def main() -> None:
        market, theatre = await cleared(PACIFICA, refused("ioc_unfilled"))
        first, second, third = slippages(theatre)
        assert first < second < third
        assert market.attempts == 3
        assert not market.flat
        assert market.by_hand().startswith("sell 1 ETH reduce-only (rejected, ")

    play(main)


def test_a_price_too_far_for_the_venue_is_followed_by_a_nearer_one() -> None:
    async def main() -> None:
        market, theatre = await cleared(PACIFICA, refused("ioc_unfilled", nth=(1,)), refused("price_band", nth=(2,)))
        first, second, third = slippages(theatre)
        assert first == third < second
        assert market.flat

    play(main)


def test_every_fill_counts_to_the_price_and_orders_are_never_larger_than_what_is_left() -> None:
    async def main() -> None:
        market, theatre = await cleared(LIGHTER, size="-2")
        assert market.flat
        assert sum(fill.size for fill in market.fills.values()) == 2
        (order,) = intents(theatre.lines)
        assert (order.side, order.size, order.reduce_only) == (Side.BUY, Decimal(2), True)
        assert market.by_hand() == ""

    play(main)


def test_what_a_cancel_s_answer_does_not_prove_is_left_to_a_person() -> None:
    async def main() -> None:
        broken = FaultRule(name="b", traffic=Traffic.HTTP, match="*/cancel_all", fault=Status(status=503))
        market, theatre = await cleared(PACIFICA, broken)
        assert market.after == ZERO
        assert not market.flat
        assert market.by_hand().startswith("cancel our orders (cancel all: ")
        assert theatre.simulated[PACIFICA].struck("b") == SETTINGS.cancel_tries_most

    play(main)


def test_less_than_the_least_order_is_left_to_a_person() -> None:
    """As a forced close may leave it."""

    async def main() -> None:
        settings = msgspec.structs.replace(SETTINGS, verify_tries_most=1)
        market, theatre = await cleared(PACIFICA, size="0.00005", settings=settings)
        assert market.after == Decimal("0.00005")
        assert intents(theatre.lines) == []
        assert market.by_hand() == "sell 0.00005 ETH reduce-only (less than the least order of 0.0001)"

    play(main)


def test_a_market_the_venue_does_not_have_is_neither_closed_nor_counted() -> None:
    async def main() -> None:
        theatre = Theatre((PACIFICA,), settings=SETTINGS)
        async with theatre.open(PACIFICA, theatre.tell) as reached:
            desk = Desk(PACIFICA, (ASSET,), reached, SETTINGS)
            market = Market(PACIFICA, ASSET, SETTINGS, theatre, "n")
            market.shown(desk)
            assert market.absent
            assert market.flat
            assert market.by_hand() == ""

    play(main)


def test_until_the_venue_has_told_anything_a_person_must_look() -> None:
    lines: list[Line] = []

    class Notes:
        def note(self, line: Line) -> None:
            lines.append(line)

        def tell(self, venue: Venue, words: str) -> None:
            raise AssertionError(venue, words)

    market = Market(PACIFICA, ASSET, SETTINGS, Notes(), "n")
    assert not market.flat
    assert market.by_hand() == "look at the venue: the position is not known; cancel our orders (not tried)"
    assert lines == []
