from __future__ import annotations

from decimal import Decimal

import trio

from actors.domain import DoneReason, Liquidity, Side, Venue
from actors.messages import (
    FundingPaid,
    LinkLost,
    LinkUp,
    MarketSampled,
    OrderDone,
    OrderFilled,
    OrderUnresolved,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
)
from engine.flatten.ear import Ear

HL = Venue.HYPERLIQUID
ONE = Decimal(1)


def position(size: str, *, queried: bool) -> PositionReported:
    return PositionReported(venue=HL, asset="ETH", size=Decimal(size), venue_at_ns=1, queried=queried)


def quote(bid: int) -> QuoteUpdated:
    return QuoteUpdated(
        venue=HL, asset="ETH", bid=Decimal(bid), bid_size=ONE, ask=Decimal(bid + 1), ask_size=ONE, venue_at_ns=1
    )


def mark(price: int) -> MarketSampled:
    value = Decimal(price)
    return MarketSampled(venue=HL, asset="ETH", mark=value, oracle=value, open_interest=ONE, venue_at_ns=1)


async def test_only_an_answer_to_a_question_asked_since_counts() -> None:
    ear = Ear()
    ear.report(position("2", queried=True))
    since = ear.count
    ear.report(position("1", queried=False))
    assert ear.answer("ETH", since) is None
    assert ear.positions["ETH"].size == 1
    ear.report(position("3", queried=True))
    found = ear.answer("ETH", since)
    assert found is not None
    assert found.size == 3


async def test_a_failure_is_that_of_a_question_asked_since_about_that_market() -> None:
    ear = Ear()
    ear.report(QueryFailed(venue=HL, asset="ETH", query="order", detail="503"))
    assert ear.failure("ETH", "order", 0) == "503"
    assert ear.failure("ETH", "order", ear.count) == ""
    assert ear.failure("ETH", "position", 0) == ear.failure("SOL", "order", 0) == ""


async def test_the_newest_price_counts_and_a_stale_quote_gives_way_to_a_newer_mark(autojump_clock: object) -> None:
    ear = Ear()
    assert ear.price("ETH", 5) is None
    ear.report(mark(90))
    assert ear.price("ETH", 5).mid == 90  # type: ignore[union-attr]
    ear.report(quote(100))
    assert ear.price("ETH", 5).bid == 100  # type: ignore[union-attr]
    await trio.sleep(10)
    assert ear.price("ETH", 5).bid == 100  # type: ignore[union-attr]
    ear.report(mark(110))
    assert ear.price("ETH", 5).bid == 110  # type: ignore[union-attr]
    assert ear.knows("ETH")
    assert not ear.knows("SOL")


async def test_a_fill_told_twice_is_one_fill_and_the_last_word_of_an_end_counts() -> None:
    ear = Ear()
    fill = OrderFilled(
        venue=HL,
        asset="ETH",
        order_id="a",
        fill_id="1",
        side=Side.SELL,
        price=ONE,
        size=ONE,
        fee_usd=ONE,
        liquidity=Liquidity.TAKER,
        venue_at_ns=1,
    )
    ear.report(fill)
    ear.report(fill)
    assert ear.filled("a") == 1
    ear.report(OrderUnresolved(venue=HL, order_id="a", detail="cut"))
    assert ear.end_of("a") is None
    ear.report(OrderDone(venue=HL, order_id="a", filled=ONE, reason=DoneReason.FILLED))
    end = ear.end_of("a")
    assert isinstance(end, OrderDone)
    assert len(ear.words_of("a")) == 2


async def test_whoever_waits_is_woken_by_news_and_not_for_longer_than_was_said(autojump_clock: object) -> None:
    lost: list[str] = []
    ear = Ear(lost.append)
    assert await ear.until(lambda: True if ear.up else None, 5) is None
    assert trio.current_time() == 5
    async with trio.open_nursery() as nursery:

        async def speak() -> None:
            await trio.sleep(2)
            ear.report(LinkUp(venue=HL))

        nursery.start_soon(speak)
        assert await ear.until(lambda: True if ear.up else None, 5)
    assert trio.current_time() == 7
    ear.report(LinkLost(venue=HL, reason="gone"))
    assert (ear.up, ear.complaint, lost) == (False, "gone", ["gone"])


async def test_what_does_not_concern_a_close_is_heard_and_left() -> None:
    ear = Ear()
    ear.report(
        FundingPaid(venue=HL, asset="ETH", payment_id="1", amount_usd=ONE, rate_per_hour=ONE, size=ONE, venue_at_ns=1)
    )
    assert ear.count == 1
