from __future__ import annotations

from decimal import Decimal

import trio
import trio.testing

from actors.domain import Venue
from actors.messages import (
    AccountReported,
    AnyMessage,
    DrainAsked,
    LinkUp,
    MarketSampled,
    OrderAccepted,
    OrderUnknown,
    QuoteUpdated,
    TimerFired,
)
from engine.mailbox import Letter, Mailbox

ONE = Decimal(1)


def quote(asset: str = "BTC", bid: int = 1, venue: Venue = Venue.PACIFICA) -> QuoteUpdated:
    price = Decimal(bid)
    return QuoteUpdated(venue=venue, asset=asset, bid=price, bid_size=ONE, ask=price, ask_size=ONE, venue_at_ns=0)


def sample(asset: str = "BTC", mark: int = 1) -> MarketSampled:
    price = Decimal(mark)
    return MarketSampled(venue=Venue.PACIFICA, asset=asset, mark=price, oracle=price, open_interest=ONE, venue_at_ns=0)


def account(equity: int, venue: Venue = Venue.PACIFICA) -> AccountReported:
    money = Decimal(equity)
    return AccountReported(venue=venue, equity_usd=money, available_usd=money, maintenance_usd=money, venue_at_ns=0)


def accepted(number: int) -> OrderAccepted:
    return OrderAccepted(venue=Venue.PACIFICA, order_id=f"{number:032x}", venue_order_id=str(number))


def taken(mailbox: Mailbox, most: int = 1000) -> list[AnyMessage]:
    return [letter.message for letter in mailbox.take_nowait(most)]


def test_an_operator_overtakes_orders_and_orders_overtake_the_market() -> None:
    mailbox = Mailbox()
    drain = DrainAsked(reason="operator")
    mailbox.put(quote())
    mailbox.put(accepted(1))
    mailbox.put_operator(drain, to="engine_lifecycle")
    assert mailbox.take_nowait(10) == [
        Letter("engine_lifecycle", drain),
        Letter("", accepted(1)),
        Letter("", quote()),
    ]


def test_the_lanes_hold_also_when_the_batch_is_small() -> None:
    mailbox = Mailbox()
    for number in range(3):
        mailbox.put(quote(f"A{number}"))
        mailbox.put(accepted(number))
    assert taken(mailbox, 2) == [accepted(0), accepted(1)]
    mailbox.put_operator(DrainAsked(reason="now"), to="engine_lifecycle")
    assert taken(mailbox, 2) == [DrainAsked(reason="now"), accepted(2)]
    assert taken(mailbox, 2) == [quote("A0"), quote("A1")]
    assert taken(mailbox, 2) == [quote("A2")]
    assert len(mailbox) == 0


def test_within_a_lane_the_first_come_is_the_first_served() -> None:
    mailbox = Mailbox()
    told: list[AnyMessage] = [
        accepted(1),
        TimerFired(timer="scan", generation=1),
        LinkUp(venue=Venue.PACIFICA),
        accepted(2),
        OrderUnknown(venue=Venue.PACIFICA, order_id="1"),
    ]
    for message in told:
        mailbox.put(message)
    words = [DrainAsked(reason=str(number)) for number in range(3)]
    for word in words:
        mailbox.put_operator(word, to="risk")
    assert taken(mailbox) == [*words, *told]


def test_market_data_is_conflated_to_the_latest_and_counted() -> None:
    mailbox = Mailbox()
    for bid in range(1, 6):
        mailbox.put(quote("BTC", bid))
        mailbox.put(quote("ETH", bid))
    mailbox.put(sample("BTC", 1))
    mailbox.put(sample("BTC", 2))
    mailbox.put(account(1))
    mailbox.put(account(2))
    assert taken(mailbox) == [quote("BTC", 5), quote("ETH", 5), sample("BTC", 2), account(2)]
    assert mailbox.conflated == 10


def test_only_the_same_fact_of_the_same_market_is_conflated() -> None:
    mailbox = Mailbox()
    facts: list[AnyMessage] = [
        quote("BTC"),
        quote("BTC", venue=Venue.HYPERLIQUID),
        quote("ETH"),
        sample("BTC"),
        account(1),
        account(1, Venue.HYPERLIQUID),
    ]
    for fact in facts:
        mailbox.put(fact)
    assert taken(mailbox) == facts
    assert mailbox.conflated == 0


def test_a_flood_of_market_data_drops_no_order_and_delays_none() -> None:
    """M9: orders and fills overtake the flood, and nothing of them is lost."""
    mailbox = Mailbox(orders_watch=100)
    orders = [accepted(number) for number in range(500)]
    for order in orders:
        for bid in range(20):
            mailbox.put(quote(f"A{bid % 7}", bid))
        mailbox.put(order)
    assert mailbox.overfull
    assert len(mailbox) == 507
    assert taken(mailbox, 500) == orders
    assert mailbox.overfull is (len(mailbox) > 100)
    assert len(mailbox) == 7
    assert mailbox.orders_highest == 500
    assert mailbox.conflated == 500 * 20 - 7
    assert len(taken(mailbox)) == 7


def test_orders_that_look_the_same_are_not_conflated() -> None:
    mailbox = Mailbox()
    for _ in range(3):
        mailbox.put(accepted(1))
    assert taken(mailbox) == [accepted(1)] * 3


async def test_taking_waits_for_the_first_letter() -> None:
    mailbox = Mailbox()
    batches: list[list[Letter]] = []

    async def reader() -> None:
        batches.append(await mailbox.take(10))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)
        await trio.testing.wait_all_tasks_blocked()
        assert batches == []
        mailbox.put(accepted(1), to="risk")
        mailbox.put(accepted(2), to="risk")
    assert batches == [[Letter("risk", accepted(1)), Letter("risk", accepted(2))]]


async def test_taking_does_not_wait_while_letters_are_left() -> None:
    mailbox = Mailbox()
    for number in range(3):
        mailbox.put(accepted(number))
    with trio.fail_after(1):
        assert len(await mailbox.take(2)) == 2
        assert len(await mailbox.take(2)) == 1
