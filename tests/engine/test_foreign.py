from __future__ import annotations

from decimal import Decimal

from actors.board import reconciler_of
from actors.messages import LinkUp, PositionReported
from engine.core import BOARD
from engine.foreign import Foreign, positions
from tests.engine.recorded import TAKER, SmallRun
from tests.factories import closed, spawned


def told(run: SmallRun, size: str, asset: str = "BTC", *, queried: bool = False) -> int:
    """The venue says what it holds; returns when that was."""
    word = PositionReported(venue=TAKER, asset=asset, size=Decimal(size), venue_at_ns=0, queried=queried)
    run.tell(reconciler_of(TAKER, asset), word)
    return run.at_ns


def test_what_a_venue_holds_where_no_pair_does_is_shown_from_the_first_word_with_size_and_since_when() -> None:
    run = SmallRun()
    assert positions(run.core) == ()
    since_ns = told(run, "-16701", "DOGE")
    told(run, "-16702", "DOGE")
    assert positions(run.core) == (Foreign(venue=TAKER, asset="DOGE", size=Decimal(-16702), since_ns=since_ns),)


def test_it_is_shown_while_it_is_disputed_and_no_longer_when_it_is_flat() -> None:
    run = SmallRun()
    run.tell(reconciler_of(TAKER, "SOL"), LinkUp(venue=TAKER))
    for _ in range(2):
        told(run, "3", "SOL", queried=True)
    assert run.core.states[reconciler_of(TAKER, "SOL")].place == "DISPUTED.standing"
    assert [foreign.size for foreign in positions(run.core)] == [Decimal(3)]
    for _ in range(2):
        told(run, "0", "SOL", queried=True)
    assert positions(run.core) == ()


def test_of_a_market_that_a_pair_holds_the_pair_speaks() -> None:
    run = SmallRun()
    told(run, "1")
    run.tell(BOARD, spawned())
    assert positions(run.core) == ()
    run.tell(BOARD, closed())
    assert [(foreign.venue, foreign.asset) for foreign in positions(run.core)] == [(TAKER, "BTC")]
