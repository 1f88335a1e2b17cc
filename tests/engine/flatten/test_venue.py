"""All venues in memory: what is held is closed, what rests is cancelled, and no venue waits for another."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
import trio

from actors.domain import ZERO, Venue
from engine.flatten.scope import Scope
from engine.flatten.settings import FlattenSettings
from engine.simulators.exchange import Events, Exchange
from engine.simulators.faults import CapFill, DropRequest, DropResponse, FaultRule, Restart, Traffic
from engine.simulators.levers import instrument_of
from tests.engine.flatten.theatre import ALL, ASSET, DRIFT, HYPERLIQUID, LIGHTER, PACIFICA, Held, Theatre, intents, play

HELD: Held = {
    (HYPERLIQUID, ASSET): "-1.5",
    (PACIFICA, ASSET): "1.5",
    (LIGHTER, ASSET): "-0.7",
    (DRIFT, ASSET): "2",
}
ORDER_MARKS = {
    HYPERLIQUID: ("/exchange", '"type":"order"', 1),
    PACIFICA: ("*/orders/create", "", 1),
    LIGHTER: ("*/sendTx", "", 2),
    DRIFT: ("*", "sendTransaction", 2),
}
"""The first order's request at each venue; on Lighter and Drift a cancel of the same kind goes before it."""


def struck(venue: Venue, fault: DropRequest | DropResponse | CapFill) -> FaultRule:
    path, text, nth = ORDER_MARKS[venue]
    return FaultRule(
        name=venue.value,
        venue=venue.value,
        traffic=Traffic.HTTP,
        match=path,
        contains=text,
        nth=(nth,),
        fault=fault,
    )


def check_reducing(theatre: Theatre) -> None:
    """No order was larger than the position the venue had named last, and every one was noted before its outcome."""
    named: dict[tuple[Venue | None, str], Decimal] = {}
    open_intents: dict[str, None] = {}
    for line in theatre.lines:
        if line.what == "position" and line.size is not None:
            named[(line.venue, line.asset)] = line.size
        elif line.order is not None:
            held = named[(line.venue, line.asset)]
            assert line.order.reduce_only
            assert line.order.size <= abs(held)
            assert line.order.side.sign * held < 0
            open_intents[line.order.order_id] = None
        elif line.what == "outcome":
            del open_intents[line.order_id]
    assert not open_intents


def test_positions_are_closed_and_resting_orders_cancelled_at_every_venue_at_once() -> None:
    async def main() -> None:
        theatre = Theatre()
        async with theatre.world():
            for venue in ALL:
                await theatre.rest_an_order(venue)
                assert theatre.orders(venue)
        theatre.hold(HELD)
        outcome, _ = await theatre.flatten()
        assert outcome.all_flat
        assert [(theatre.truth(venue), theatre.orders(venue)) for venue in ALL] == [(ZERO, ())] * 4
        rows = {row.venue: row for row in outcome.rows}
        assert {venue: rows[venue].before for venue, _ in HELD} == {
            venue: Decimal(size) for (venue, _), size in HELD.items()
        }
        assert all(row.attempts == 1 and row.after == ZERO for row in outcome.rows)
        assert all(2900 < (row.average_price or 0) < 3100 for row in outcome.rows)
        check_reducing(theatre)

    play(main)


@pytest.mark.parametrize("fault", [DropResponse(), DropRequest()], ids=["answers lost", "requests lost"])
def test_an_order_without_an_answer_is_never_sent_again_and_the_rest_is_closed(
    fault: DropRequest | DropResponse,
) -> None:
    async def main() -> None:
        theatre = Theatre(faults=tuple(struck(venue, fault) for venue in ALL))
        theatre.hold(HELD)
        outcome, _ = await theatre.flatten()
        assert [theatre.simulated[venue].struck(venue.value) for venue in ALL] == [1] * 4
        assert outcome.all_flat
        assert [theatre.truth(venue) for venue in ALL] == [ZERO] * 4
        sent = [order.order_id for order in intents(theatre.lines)]
        assert len(sent) == len(dict.fromkeys(sent)) == (4 if isinstance(fault, DropResponse) else 8)
        check_reducing(theatre)

    play(main)


def test_a_thin_book_is_met_with_the_verified_rest_at_a_price_further_away() -> None:
    async def main() -> None:
        theatre = Theatre()
        theatre.hold(HELD)

        def cap(exchange: Exchange, _: int) -> Events:
            exchange.cap_next_ioc(Decimal("0.4"))
            return ()

        for venue in ALL:
            theatre.pull(venue, cap)
            theatre.pull(venue, cap)
        outcome, _ = await theatre.flatten()
        assert outcome.all_flat
        assert [row.attempts for row in outcome.rows] == [3] * 4
        for (venue, _), size in HELD.items():
            orders = [order for order in intents(theatre.lines) if order.venue is venue]
            whole = abs(Decimal(size))
            assert [order.size for order in orders] == [whole, whole * Decimal("0.6"), whole * Decimal("0.36")]
            ways = [abs(order.limit_price - order.decision_mid) for order in orders]
            assert ways == sorted(ways)
        check_reducing(theatre)

    play(main)


def test_a_dead_venue_is_named_and_holds_up_nobody() -> None:
    async def main() -> None:
        deaf = FaultRule(name="deaf", venue="pacifica", traffic=Traffic.HTTP, fault=DropRequest())
        theatre = Theatre(faults=(deaf,), settings=FlattenSettings(patience_s=60.0))
        theatre.hold(HELD)
        left: list[Decimal] = []

        async def look_early() -> None:
            await trio.sleep(10)
            left.extend(theatre.truth(venue) for venue in ALL if venue is not PACIFICA)

        began_s = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look_early)
            outcome, _ = await theatre.flatten()
        assert left == [ZERO] * 3
        assert trio.current_time() - began_s == pytest.approx(60)
        assert list(outcome.troubles) == [PACIFICA]
        assert "cannot be reached (no answer within 5 s)" in outcome.troubles[PACIFICA]
        assert not outcome.all_flat
        (row,) = [row for row in outcome.rows if row.venue is PACIFICA]
        assert (row.before, row.after) == (None, None)
        assert row.by_hand.startswith("look at the venue")

    play(main)


def test_a_venue_that_comes_back_in_time_is_closed_all_the_same() -> None:
    async def main() -> None:
        away = tuple(
            FaultRule(name=venue.value, venue=venue.value, traffic=Traffic.HTTP, nth=(9,), fault=Restart(down_s=40))
            for venue in ALL
        )
        theatre = Theatre(faults=away)
        theatre.hold(HELD)
        outcome, _ = await theatre.flatten()
        assert outcome.all_flat, outcome
        assert [theatre.truth(venue) for venue in ALL] == [ZERO] * 4
        check_reducing(theatre)

    play(main)


def test_what_cannot_be_closed_is_left_to_a_person_with_side_size_and_reason() -> None:
    async def main() -> None:
        theatre = Theatre()
        theatre.hold(HELD)
        for venue in ALL:
            theatre.pull(venue, lambda exchange, now_ns: exchange.halt(now_ns, instrument_of(exchange, ASSET)))
        outcome, _ = await theatre.flatten()
        assert not outcome.all_flat
        assert not outcome.troubles
        for row, words in zip(outcome.rows, ("buy 1.5", "sell 1.5", "buy 0.7", "sell 2"), strict=True):
            assert row.by_hand.startswith(f"{words} ETH reduce-only (rejected, halted")
        check_reducing(theatre)

    play(main)


def test_a_position_that_appears_meanwhile_is_closed_in_another_round() -> None:
    """Also on Hyperliquid, where a flat market is not listed to whoever may set no leverage."""

    async def main() -> None:
        theatre = Theatre()

        async def somebody_else() -> None:
            await trio.sleep(1.0)
            theatre.hold({(HYPERLIQUID, ASSET): "1.25", (PACIFICA, ASSET): "1.25", (DRIFT, ASSET): "1.25"})

        async with trio.open_nursery() as nursery:
            nursery.start_soon(somebody_else)
            outcome, _ = await theatre.flatten()
        assert outcome.all_flat
        assert [theatre.truth(venue) for venue in (HYPERLIQUID, PACIFICA, DRIFT)] == [ZERO] * 3
        assert sum(row.attempts for row in outcome.rows) == 3
        check_reducing(theatre)

    play(main)


def test_what_nobody_asked_for_stays_and_is_named_unless_all_was_asked_for() -> None:
    async def main() -> None:
        theatre = Theatre(assets=("ETH", "SOL"))
        theatre.hold({(venue, asset): "1" for venue in ALL for asset in ("ETH", "SOL")})
        await trio.sleep(5)
        scope = Scope(markets=dict.fromkeys(ALL, ("ETH",)))
        outcome, _ = await theatre.flatten(scope)
        assert outcome.all_flat
        assert [(theatre.truth(venue, "ETH"), theatre.truth(venue, "SOL")) for venue in ALL] == [(ZERO, Decimal(1))] * 4
        assert (
            len([words for words in theatre.said if words.endswith("long 1 SOL, which was not asked for and stays")])
            == 4
        )
        outcome, works = await theatre.flatten(msgspec.structs.replace(scope, everything=True))
        assert outcome.all_flat
        assert [work.strangers for work in works] == [("SOL",)] * 4
        assert [theatre.truth(venue, "SOL") for venue in ALL] == [ZERO] * 4
        check_reducing(theatre)

    play(main)


def test_whoever_only_looks_sends_nothing_and_says_what_would_be_done() -> None:
    async def main() -> None:
        theatre = Theatre()
        theatre.hold(HELD)
        await trio.sleep(5)
        outcome, _ = await theatre.flatten(looks=True)
        assert not outcome.all_flat
        assert intents(theatre.lines) == []
        assert [theatre.truth(venue) for venue, _ in HELD] == [Decimal(size) for size in HELD.values()]
        assert outcome.done
        assert outcome.rows[0].by_hand.startswith("cancel ours, then reduce-only IOC within 20 bps of the touch")
        flat, _ = await Theatre().flatten(looks=True)
        assert flat.all_flat

    play(main)


def test_the_flattener_s_keys_and_adapters_open_nothing_and_set_no_leverage() -> None:
    """The engine's own way of opening, tried with the flattener's signatures."""

    async def main() -> None:
        theatre = Theatre()
        await theatre.flatten()
        async with theatre.world():
            for venue in ALL:
                with pytest.RaisesGroup(pytest.RaisesExc(AssertionError, match="refused")):
                    await opening(theatre, venue)
                assert theatre.orders(venue) == ()
        refused = {venue: signing.refused for venue, signing in theatre.signings.items()}
        assert all("leverage" in refused[venue][0] for venue in (HYPERLIQUID, PACIFICA, LIGHTER))
        assert all("has no cap" in refused[venue][-1] for venue in (HYPERLIQUID, PACIFICA, DRIFT))

    async def opening(theatre: Theatre, venue: Venue) -> None:
        async with trio.open_nursery():
            await theatre.rest_an_order(venue, signing=theatre.signings[venue])

    play(main)
