from __future__ import annotations

import msgspec

from actors.pair_position.state import PairPosition
from engine.core import Decision
from engine.ledger.shadow import Shadow
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import MAKER, PAIR, POLICY, TAKER, start_states


def begun() -> Shadow:
    return Shadow(POLICY, [state for state in start_states() if isinstance(state, PairPosition)])


def grown(decisions: list[Decision]) -> PairPosition:
    shadow = begun()
    for decision in decisions:
        shadow.take(decision)
    return shadow.pairs[PAIR]


def money_of(pair: PairPosition) -> tuple[object, ...]:
    return (pair.taker, pair.maker, pair.place, pair.entered_ns, pair.dust, pair.naked_ns, pair.expected_net_usd)


def test_books_grown_from_decisions_are_the_pair_s_own() -> None:
    run = hedged()
    run.paid("2")
    true = run.core.states[PAIR]
    assert isinstance(true, PairPosition)
    assert money_of(grown(run.decisions)) == money_of(true)


def test_a_record_whose_step_raised_or_that_nobody_took_changes_nothing() -> None:
    run = Booked()
    run.open_venues()
    run.ask()
    before = grown(run.decisions)
    run.filled(run.sent(), "60000")
    for row in ("fault", "quarantined", "stale_timer", "no_such_actor"):
        refused = [msgspec.structs.replace(run.decisions[-1], row=row)]
        assert grown([*run.decisions[:-1], *refused]) == before
    assert grown(run.decisions) != before


def test_the_board_is_folded_as_the_core_folds_it() -> None:
    run = hedged()
    shadow = begun()
    for decision in run.decisions:
        shadow.take(decision)
    for venue in (TAKER, MAKER):
        assert shadow.board.market(venue, "BTC") == run.core.board.market(venue, "BTC")
