from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace

from actors.actor import Armed, Context
from actors.board import Board, fold
from actors.commands import AnyCommand, Tell
from actors.domain import NS_PER_S, MarketStatus
from actors.messages import (
    AdlLevelEstimated,
    AnyMessage,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    Envelope,
    LinkLost,
    MarketSampled,
    TimerFired,
)
from actors.policy import AutoClosePolicy, Policy
from actors.risk import ROLE, watch
from actors.risk.adl import level_of
from actors.risk.auto_close import RANKS
from actors.risk.books import DAY_NS
from actors.risk.state import Asked, Held, RiskState, key_of
from actors.risk.watch import adl_acts, ask_closes, ask_urgent_closes, pairs_of, tell_adl_of_all
from tests.actors.risk.test_auto_close import LONG_AGO_NS, OFF, closed, leg
from tests.factories import MAKER, PAIR, TAKER, account, adl, pair_at, quote, sample, two_venues
from tests.playbook import START_NS

NOW_NS = START_NS + 2 * NS_PER_S
NEVER = {**OFF, "market_closed_s": 1e9}
ON: dict[str, dict[str, Any]] = {
    "time_to_liquidation": {"time_to_liquidation_least_s": Decimal(300)},
    "liquidation_distance": {"liquidation_distance_least_fraction": Decimal("0.1")},
    "adl_exit": {},
    "adl_reduce": {},
    "venue_silent": {"venue_silent_s": Decimal(1)},
    "market_closed": {"market_closed_s": 1.0},
    "divergence": {"divergence_most_bps": Decimal(200)},
    "daily_loss": {"daily_loss_most_usd": Decimal(500)},
    "profit_target": {"profit_target_bps": Decimal(50)},
    "hold_longest": {"hold_longest_h": Decimal(2)},
    "hold_most": {"hold_most_h": Decimal(1)},
}
"""What makes each row trigger in one and the same misfortune; the ADL rows by the venue's rank."""
RANK_OF = {"adl_exit": Decimal("0.9"), "adl_reduce": Decimal("0.7")}


def misfortune() -> Board:
    """On links that are long up, the maker's mark falls three in a moment and its market is closed; the taker's account
    has lost 1000."""
    board = two_venues()
    facts: tuple[AnyMessage, ...] = (
        sample(MAKER, "97"),
        quote(MAKER, "96.9", "97.1"),
        closed(MAKER, MarketStatus.REDUCE_ONLY),
        account(TAKER, "99000"),
        account(MAKER),
    )
    for fact in facts:
        board = fold(board, fact, START_NS + NS_PER_S)
    return replace(board, linked_ns=dict.fromkeys(board.linked_ns, LONG_AGO_NS))


def without_taker(board: Board) -> Board:
    """The taker's venue is down besides."""
    return fold(board, LinkLost(venue=TAKER, reason="cut"), START_NS + NS_PER_S)


def positions(rank: Decimal | None) -> dict[str, Held]:
    """Short ten and long ten, ten per cent from its liquidation, for a long time, and a hundred dollars in profit."""
    short = leg(TAKER, "-10", "200", cash_usd=Decimal(1030), since_ns=LONG_AGO_NS, adl_rank=rank)
    long = leg(MAKER, "10", "90", cash_usd=Decimal(-870), since_ns=LONG_AGO_NS, adl_rank=rank)
    return {key_of(held.venue, held.asset): held for held in (short, long)}


def state(rank: Decimal | None = None, **changes: Any) -> RiskState:
    known = RiskState(
        actor="risk",
        place="WATCHING.holding",
        timers=(Armed("watch", 1),),
        positions=positions(rank),
        day_ns=START_NS - START_NS % DAY_NS,
        equity_start_usd={venue.value: Decimal(100_000) for venue in (TAKER, MAKER)},
        loss_seen_ns=START_NS,
    )
    return replace(known, **changes)


def policy_of(*names: str) -> Policy:
    limits = dict(NEVER)
    for name in names:
        limits |= ON[name]
    return replace(Policy(), auto_close=AutoClosePolicy(**limits))


def looked(*names: str) -> tuple[AnyCommand, ...]:
    """One look of the risk role in the misfortune with these rows switched on."""
    rank = next((RANK_OF[name] for name in names if name in RANK_OF), None)
    tick = Envelope(seq=1, at_ns=NOW_NS, to="risk", message=TimerFired(timer="watch", generation=1), cause=0)
    board = without_taker(misfortune()) if "venue_silent" in names else misfortune()
    return ROLE.step(state(rank), tick, board, policy_of(*names)).commands


def said(commands: tuple[AnyCommand, ...]) -> list[str]:
    """The rows by which something was asked, in order."""
    found = []
    for command in commands:
        match command:
            case Tell(message=CloseAsked() | EmergencyAsked() as wish):
                found.append(wish.reason.partition(":")[0])
            case Tell(message=AdlLevelEstimated() as told):
                found.append("adl_exit" if told.level == 5 else "adl_reduce")
            case Tell(message=DrainAsked()):
                found.append("daily_loss")
            case _:
                pass
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", ON)
def test_each_row_speaks_alone_in_the_misfortune(name: str) -> None:
    assert said(looked(name)) == [name]


PAIRS_OF_ROWS = [
    (first, second)
    for first, second in combinations(sorted(ON, key=RANKS.__getitem__), 2)
    if (first, second) not in (("adl_exit", "adl_reduce"), ("venue_silent", "daily_loss"))
]
"""A level is one of two; and no loss is counted while an account is not heard of."""


@pytest.mark.parametrize(("first", "second"), PAIRS_OF_ROWS, ids=lambda name: name)
def test_of_two_rows_that_trigger_together_the_earlier_is_heard_first(first: str, second: str) -> None:
    assert said(looked(first, second))[0] == first
    assert said(looked(second, first))[0] == first


@pytest.mark.parametrize("later", ["divergence", "profit_target", "hold_most"])
def test_what_is_less_urgent_waits_while_a_reduction_for_adl_can_be_made(later: str) -> None:
    assert said(looked("adl_reduce", later)) == ["adl_reduce"]


def test_what_cannot_be_reduced_any_further_does_not_keep_a_pair_from_leaving() -> None:
    """Half of 0.15 is below the minimum of ten dollars: the rows after ADL are heard at once."""
    small = {
        key: replace(held, size=held.size * Decimal("0.015")) for key, held in positions(RANK_OF["adl_reduce"]).items()
    }
    context = Context(TimerFired(timer="watch", generation=1), NOW_NS, misfortune(), policy_of("hold_most"))
    assert said(ask_closes(state(positions=small), context)) == ["hold_most"]


def test_between_two_looks_at_the_levels_the_level_is_told_instead_of_what_is_less_urgent() -> None:
    mark = sample(MAKER, "97")
    context = Context(mark, NOW_NS, misfortune(), policy_of("divergence"))
    assert isinstance(mark, MarketSampled)
    commands = ask_closes(state(RANK_OF["adl_reduce"]), context)
    assert said(commands) == ["adl_reduce"]
    assert said(ask_closes(state(), context)) == ["divergence"]


def test_a_liquidation_is_asked_before_a_level_is_told_and_only_once() -> None:
    commands = looked("liquidation_distance", "adl_exit", "hold_most")
    closes = [each for each in commands if isinstance(each, Tell) and isinstance(each.message, CloseAsked)]
    assert said(commands) == ["liquidation_distance", "adl_exit"]
    assert len(closes) == 1


def test_nothing_less_urgent_is_asked_when_the_run_ends_for_the_day_s_loss() -> None:
    assert said(looked("daily_loss", "profit_target", "hold_most")) == ["daily_loss"]
    assert said(looked("divergence", "daily_loss")) == ["divergence", "daily_loss"]


def test_the_pair_records_the_level_that_closed_it_and_not_what_was_asked_after() -> None:
    play = pair_at("HEDGED.earning")
    _ = play >> adl(5) << ...
    _ = play >> CloseAsked(reason="profit_target: much") << ...
    play.at("CLOSING.first_leg")
    assert play.state.close_reason == "adl_exit: ADL level 5 of 5 on pacifica"


def test_a_venue_that_was_silent_is_left_when_it_speaks_again() -> None:
    """The wish stands: the pair could not close while nobody heard of the venue."""
    board = misfortune()
    later_ns = NOW_NS + 61 * NS_PER_S
    for venue in (TAKER, MAKER):
        board = fold(board, sample(venue), later_ns)
    asked = {PAIR: Asked(rule="venue_silent", at_ns=NOW_NS, urgent=False)}
    context = Context(TimerFired(timer="watch", generation=1), later_ns, board, policy_of("venue_silent"))
    assert said(ask_closes(state(asked=asked), context)) == ["venue_silent"]


def test_the_legs_of_each_pair_are_found_once_while_the_positions_stand() -> None:
    held = positions(None)
    other = leg(TAKER, "3", holder="pair_position/ETH-2")
    held = {**held, "hyperliquid:ETH": replace(other, asset="ETH"), "pacifica:SOL": leg(MAKER, "0")}
    found = pairs_of(held)
    assert sorted(found) == [PAIR, "pair_position/ETH-2"]
    assert [key for key, _ in found[PAIR]] == ["hyperliquid:BTC", "pacifica:BTC"]
    assert pairs_of(held) is found
    assert pairs_of(dict(held)) == found


def test_a_level_that_asked_for_nothing_is_not_estimated_again_until_something_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[object] = []

    def look(*args: Any) -> int:
        looks.append(args)
        return level_of(*args)

    monkeypatch.setattr(watch, "level_of", look)
    board, known, policy = misfortune(), state(), Policy()
    tick = TimerFired(timer="watch", generation=1)
    for later_s in (0, 30, 60):
        assert tell_adl_of_all(known, Context(tick, NOW_NS + later_s * NS_PER_S, board, policy)) == ()
    assert len(looks) == 2
    told = fold(board, sample(MAKER, "96"), NOW_NS)
    tell_adl_of_all(known, Context(tick, NOW_NS + 90 * NS_PER_S, told, policy))
    assert len(looks) == 3
    ranked = state(RANK_OF["adl_exit"])
    context = Context(tick, NOW_NS, board, policy)
    assert all(adl_acts(ranked, context, key, held) for key, held in ranked.positions.items())
    after, seen = Context(tick, NOW_NS + 90 * NS_PER_S, told, policy), len(looks)
    tell_adl_of_all(known, after)
    tell_adl_of_all(replace(known, deleveraged_ns={TAKER.value: NOW_NS}), after)
    assert len(looks) == seen + 1, "only where a leg of ours was taken"


def test_nothing_is_asked_urgently_that_is_less_urgent_than_a_level() -> None:
    context = Context(
        TimerFired(timer="watch", generation=1), NOW_NS, misfortune(), policy_of("divergence", "hold_most")
    )
    assert ask_urgent_closes(state(), context) == ()
