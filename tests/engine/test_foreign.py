from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import RaiseAlarm
from actors.domain import Venue
from actors.messages import PositionReported
from engine.core import BOARD
from engine.foreign import NAMED_AFTER_S, ForeignWatch, unheld
from tests.engine.recorded import MAKER, PAIR, TAKER, SmallRun, hedged_run, last_order

LONG_MS = round(NAMED_AFTER_S * 1000)


class Watched:
    """A run, and what the watch says of each further decision."""

    def __init__(self, run: SmallRun) -> None:
        self.run, self.watch = run, ForeignWatch()

    def position(self, venue: Venue, asset: str, size: str, after_ms: int = 10) -> list[tuple[str, str]]:
        """The venue pushes a position."""
        at_ns = self.run.at_ns
        told = PositionReported(venue=venue, asset=asset, size=Decimal(size), venue_at_ns=at_ns)
        return self._looked("risk", told, after_ms)

    def wait(self, after_ms: int) -> list[tuple[str, str]]:
        """Something else happens."""
        told = PositionReported(venue=TAKER, asset="ETH", size=Decimal(0), venue_at_ns=0)
        return self._looked(BOARD, told, after_ms)

    def _looked(self, to: str, told: PositionReported, after_ms: int) -> list[tuple[str, str]]:
        decisions = self.run.tell(to, told, after_ms)
        said = [each for decision in decisions for each in self.watch.look(self.run.core, decision)]
        return [(key, alarm.text if isinstance(alarm, RaiseAlarm) else "over") for key, alarm in said]


def test_what_an_open_pair_holds_is_ours() -> None:
    run = hedged_run(0)
    assert unheld(run.core) == {}
    watched = Watched(run)
    assert watched.position(TAKER, "BTC", "-0.5") == []
    assert watched.wait(LONG_MS) == []


def test_a_position_of_before_the_run_is_named_with_venue_side_size_and_since_when() -> None:
    watched = Watched(SmallRun())
    assert watched.position(TAKER, "DOGE", "-16701") == []
    since_ns = watched.run.at_ns
    ((key, text),) = watched.wait(LONG_MS)
    assert key == f"{TAKER}:DOGE"
    for word in ("hyperliquid", "short 16701 DOGE", "2023-11-14 22:13:20Z", "buy 16701 DOGE by hand"):
        assert word in text
    (foreign,) = watched.watch.positions(watched.run.core, watched.run.at_ns)
    assert (foreign.size, foreign.since_ns) == (Decimal(-16701), since_ns)


def test_it_is_named_once_for_each_size_and_is_over_when_it_is_flat() -> None:
    watched = Watched(SmallRun())
    watched.position(MAKER, "SOL", "3")
    assert len(watched.wait(LONG_MS)) == 1
    assert watched.wait(LONG_MS) == []
    assert watched.position(MAKER, "SOL", "3") == []
    over, anew = watched.position(MAKER, "SOL", "2")
    assert (over[1], "long 2 SOL" in anew[1]) == ("over", True)
    assert watched.position(MAKER, "SOL", "0") == [(f"{MAKER}:SOL", "over")]
    assert watched.watch.positions(watched.run.core, watched.run.at_ns) == ()


def test_a_word_that_is_older_than_a_close_names_nothing() -> None:
    watched = Watched(SmallRun())
    assert watched.position(MAKER, "SOL", "3") == []
    assert watched.position(MAKER, "SOL", "0", LONG_MS - 1) == []
    assert watched.wait(LONG_MS) == []


def test_where_an_order_of_ours_is_out_a_position_is_not_judged() -> None:
    run = SmallRun()
    run.open_venues()
    run.ask_entry()
    watched = Watched(run)
    watched.position(TAKER, "BTC", "-0.2")
    assert unheld(run.core) == {}
    assert watched.wait(LONG_MS) == []


def test_what_is_left_of_a_pair_that_has_closed_is_foreign() -> None:
    run = SmallRun()
    run.open_venues()
    order = run.ask_entry()
    run.fill(order)
    assert last_order(run) != order
    run.core.states[PAIR] = msgspec.structs.replace(run.core.states[PAIR], place="CLOSED.flat")
    assert [(held.venue, held.size) for held in unheld(run.core).values()] == [(TAKER, Decimal("-0.5"))]


def test_a_position_that_a_pair_of_ours_comes_to_trade_in_is_not_over() -> None:
    run = SmallRun()
    run.open_venues()
    watched = Watched(run)
    watched.position(TAKER, "BTC", "0.1")
    assert len(watched.wait(LONG_MS)) == 1
    run.fill(run.ask_entry())
    assert watched.position(TAKER, "BTC", "-0.4") == []
    assert watched.watch.positions(run.core, run.at_ns) == (), "the pair's own verification speaks of it now"
