from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.commands import AnyCommand, QueryPosition, RaiseAlarm, Tell
from actors.domain import Side
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    EngineResumed,
    LeftoverFound,
    LinkLost,
    LinkUp,
    MarketDisputed,
    MarketDoubted,
    MarketReconciled,
    PositionReported,
    QueryFailed,
)
from actors.policy import Policy, ReconcilePolicy, ScannerPolicy
from actors.reconciler import FILLS_TOLD, ROLE, Reconciler, cause_of
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import ASSET, PAIR, TAKER, board_of, closed, deleveraged, foreign, liquidated, reopened, spawned
from tests.playbook import START_NS, Cue, Playbook, fires, later, like

Play = Playbook[Reconciler]
D = Decimal
POLICY = Policy(reconcile=ReconcilePolicy(looks_most=3, answers_least=2))
UP = LinkUp(venue=TAKER)
DOWN = LinkLost(venue=TAKER, reason="cut")
ASK = QueryPosition(venue=TAKER, asset=ASSET)
FAULT = ActorFaulted(error="KeyError")
RESUMED = EngineResumed(silent_since_ns=START_NS)
FAILED = QueryFailed(venue=TAKER, asset=ASSET, query="position", detail="timed out")
LOOK, RECHECK, REASK, REPAIR = fires("look"), fires("recheck"), fires("reask"), fires("repair")
EMPTY = Tell(to="board", message=MarketReconciled(venue=TAKER, asset=ASSET))
DOUBT = Tell(to="board", message=MarketDoubted(venue=TAKER, asset=ASSET))
UNREAD = like(RaiseAlarm, code="market_unread", severity="info")
FAULTED = like(RaiseAlarm, code="actor_fault", severity="critical")
DISPUTE = like(RaiseAlarm, code="market_disputed", severity="critical")
BY_HAND = foreign(TAKER, "1.5", Side.SELL)
TAKEN = deleveraged(TAKER, "1.5", Side.BUY)
LIQUIDATED = liquidated(TAKER, "1.5", Side.BUY)


def told(size: str, *, queried: bool = True) -> AnyMessage:
    return PositionReported(venue=TAKER, asset=ASSET, size=D(size), venue_at_ns=START_NS, queried=queried)


def pushed(size: str) -> AnyMessage:
    return told(size, queried=False)


def disputes(size: str) -> tuple[object, ...]:
    return (like(Tell, to="board", message=like(MarketDisputed, size=D(size))), DISPUTE)


def market(*cues: Cue[Reconciler]) -> Play:
    start = Reconciler(actor="reconciler/hyperliquid:BTC", place="UNASKED", venue=TAKER, asset=ASSET)
    return Playbook(ROLE, start, board=board_of(), policy=POLICY).play(*cues)


def say(play: Play, *answers: object) -> Play:
    for answer in answers:
        _ = play << answer
    return play


def looking() -> Play:
    return market(UP).at("LOOKING")


def matched(*cues: Cue[Reconciler]) -> Play:
    return looking().play(told("0")).at("MATCHED").play(*cues)


def unanswered() -> Play:
    return looking().play(LOOK, LOOK, LOOK).at("UNANSWERED")


def surprised() -> Play:
    """It was empty; something is pushed, and found twice."""
    return matched(pushed("1.5"), told("1.5")).at("LOOKING")


def disputed() -> Play:
    return surprised().play(told("1.5")).at("DISPUTED.standing")


def doubted() -> Play:
    return disputed().play(told("0")).at("DISPUTED.doubted")


def held(*cues: Cue[Reconciler]) -> Play:
    return matched(spawned()).at("HELD").play(*cues)


def leftover() -> Play:
    """A pair has closed here; then something is found."""
    return held(closed(), told("0"), pushed("1.5"), told("1.5")).at("LOOKING")


def repairing() -> Play:
    return leftover().play(told("1.5")).at("REPAIRING")


STORIES: dict[str, Story] = {
    "C1": lambda: (market() >> UP << ASK).at("LOOKING"),
    "C2": lambda: (matched() >> DOWN).at("UNASKED"),
    "C2: while it is asked": lambda: (looking() >> DOWN).at("UNASKED"),
    "C2: while a pair looks": lambda: (repairing() >> DOWN).at("UNASKED"),
    "C3": lambda: (matched() >> RESUMED).at("UNASKED"),
    "C4": lambda: (looking() >> told("0") << EMPTY).at("MATCHED"),
    "C4: late": lambda: (unanswered() >> told("0") << EMPTY).at("MATCHED"),
    "C4: a pair was asked, and has reduced it": lambda: (
        repairing().play(REPAIR, told("0"), LOOK) >> told("0") << EMPTY
    ).at("MATCHED"),
    "C4: the end of a dispute": lambda: (doubted() >> told("0") << EMPTY).at("MATCHED"),
    "C5": lambda: (
        leftover() >> told("1.5") << Tell(to=PAIR, message=LeftoverFound(venue=TAKER, asset=ASSET, size=D("1.5")))
    ).at("REPAIRING"),
    "C5: late": lambda: (
        leftover().play(LOOK, LOOK, LOOK).at("UNANSWERED")
        >> told("1.5")
        << like(Tell, to=PAIR, message=like(LeftoverFound))
    ).at("REPAIRING"),
    "C6": lambda: say(surprised() >> told("1.5"), *disputes("1.5")).at("DISPUTED.standing"),
    "C6: at the start": lambda: say(looking().play(told("-2"), LOOK) >> told("-2"), *disputes("-2")).at(
        "DISPUTED.standing"
    ),
    "C6: seldom answered": lambda: say(unanswered().play(told("-2")) >> told("-2"), *disputes("-2")).at(
        "DISPUTED.standing"
    ),
    "C6: more of it": lambda: say(disputed().play(told("3")) >> told("3"), *disputes("3")).at("DISPUTED.standing"),
    "C6: a pair looked and found nothing": lambda: say(
        repairing().play(REPAIR, told("1.5"), LOOK) >> told("1.5"), *disputes("1.5")
    ).at("DISPUTED.standing"),
    "C7": lambda: (looking() >> told("1.5")).at("LOOKING"),
    "C7: pushed": lambda: (looking() >> pushed("0")).at("LOOKING"),
    "C7: flat after something was pushed": lambda: (matched(pushed("1.5")) >> told("0")).at("LOOKING"),
    "C8": lambda: (matched() >> told("0")).at("MATCHED"),
    "C9": lambda: say(matched() >> pushed("1.5"), DOUBT, ASK).at("LOOKING"),
    "C9: answered": lambda: say(matched(RECHECK) >> told("1.5"), DOUBT, ASK).at("LOOKING"),
    "C10a": lambda: say(matched() >> BY_HAND, DOUBT, ASK).at("LOOKING"),
    "C10b": lambda: say(matched() >> TAKEN, DOUBT, ASK).at("LOOKING"),
    "C10c": lambda: say(matched() >> LIQUIDATED, DOUBT, ASK).at("LOOKING"),
    "C11": lambda: (disputed() >> told("1.5")).at("DISPUTED.standing"),
    "C12": lambda: (disputed() >> pushed("1") << ASK).at("DISPUTED.doubted"),
    "C12: flat": lambda: (disputed() >> told("0") << ASK).at("DISPUTED.doubted"),
    "C13a": lambda: (disputed() >> BY_HAND << ASK).at("DISPUTED.standing"),
    "C13b": lambda: (disputed() >> TAKEN << ASK).at("DISPUTED.standing"),
    "C13c": lambda: (disputed() >> LIQUIDATED << ASK).at("DISPUTED.standing"),
    "C14": lambda: (looking() >> LOOK << ASK).at("LOOKING"),
    "C15": lambda: (looking().play(LOOK, LOOK) >> LOOK << UNREAD).at("UNANSWERED"),
    "C16": lambda: (unanswered() >> REASK << ASK).at("LOOKING"),
    "C17": lambda: (matched() >> RECHECK << ASK).at("MATCHED"),
    "C18": lambda: say(matched(RECHECK) >> RECHECK, DOUBT, ASK).at("LOOKING"),
    "C19": lambda: (repairing() >> REPAIR << ASK).at("LOOKING"),
    "C20": lambda: (disputed() >> REASK << ASK).at("DISPUTED.standing"),
    "C21": lambda: (doubted() >> LOOK << ASK).at("DISPUTED.doubted"),
    "C22": lambda: (doubted().play(LOOK, LOOK) >> LOOK).at("DISPUTED.standing"),
    "C23": lambda: (disputed().play(DOWN) >> UP << ASK).at("DISPUTED.standing"),
    "C24": lambda: (matched() >> spawned()).at("HELD"),
    "C25": lambda: (repairing() >> reopened()).at("HELD"),
    "C25: after it was disputed": lambda: (disputed() >> reopened()).at("HELD"),
    "C26": lambda: (held(spawned("pair_position/BTC-2")) >> closed()).at("HELD"),
    "C27": lambda: (held() >> closed() << ASK).at("LOOKING"),
    "C28": lambda: (held(DOWN) >> closed()).at("UNASKED"),
    "C29": lambda: say(matched() >> FAULT, FAULTED, DOUBT, ASK).at("LOOKING"),
    "C30": lambda: (disputed() >> FAULT << FAULTED).at("DISPUTED.standing"),
    "C31": lambda: (held() >> FAULT << FAULTED).at("HELD"),
    "C31: before anything was asked": lambda: (market() >> FAULT << FAULTED).at("UNASKED"),
    "C32": lambda: say(matched() >> UP, DOUBT, ASK).at("LOOKING"),
    "C33": lambda: (doubted().play(told("1.5")) >> told("1.5")).at("DISPUTED.standing"),
}


STAYING = ("C7", "C8", "C11", "C13a", "C13b", "C13c", "C23", "C26", "C31")
"""Rows that leave the market where it is, with its timers running on."""


@pytest.mark.parametrize("name", list(STORIES))
def test_only_these_rows_leave_the_timers_running(name: str) -> None:
    assert STORIES[name]().arrived is (row_of(name) not in STAYING)


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def said(play: Play) -> tuple[AnyCommand, ...]:
    assert play.step is not None
    return play.step.commands


def alarm_text(play: Play) -> str:
    return next(command.text for command in said(play) if isinstance(command, RaiseAlarm))


# --- what is believed --------------------------------------------------------------------------------------


def test_a_failed_query_is_never_read_as_flat() -> None:
    play = looking().play(FAILED, LOOK, FAILED, LOOK, FAILED).at("LOOKING")
    assert play.board.verdict(TAKER, ASSET) is None
    play.play(LOOK, REASK, FAILED).at("LOOKING")
    assert disputed().play(FAILED, REASK, FAILED, REASK).at("DISPUTED.standing").state.size == D("1.5")


def test_one_answer_is_enough_where_nothing_spoke_against_it_and_two_are_needed_else() -> None:
    assert matched().state.answers == 1
    play = market(pushed("1"), UP).play(told("0")).at("LOOKING")
    play.play(LOOK, told("0")).at("MATCHED")
    assert not play.state.contradicted


def test_answers_that_differ_are_not_counted_together() -> None:
    play = looking().play(told("1"), LOOK, told("2"), LOOK, told("1"), LOOK).at("UNANSWERED")
    assert play.state.answers == 1


def test_a_push_is_no_answer() -> None:
    assert looking().play(*(pushed("1.5"),) * 5).at("LOOKING").state.answers == 0


def test_a_fill_makes_what_was_answered_before_it_old() -> None:
    play = surprised().play(BY_HAND, told("1.5")).at("LOOKING")
    play.play(told("1.5")).at("DISPUTED.standing")


# --- why ---------------------------------------------------------------------------------------------------


def test_a_position_of_before_the_run_is_said_to_be_one() -> None:
    text = alarm_text(market(pushed("-16701"), UP, told("-16701"), LOOK, told("-16701")).at("DISPUTED.standing"))
    for word in (
        "hyperliquid: short 16701 BTC",
        "found when the run began",
        "`perp2perp flatten --config PROFILE --pair hyperliquid:BTC`",
        "buy 16701 BTC by hand, reduce-only",
    ):
        assert word in text


def test_a_position_found_after_the_engine_was_away_is_said_to_be_one() -> None:
    play = matched(RESUMED, UP, told("2"), LOOK, told("2")).at("DISPUTED.standing")
    assert cause_of(play.state) == "found when the engine came back"


def test_a_position_that_appears_without_a_word_is_said_to_be_one() -> None:
    assert "no fill of it was told" in alarm_text(disputed())


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (BY_HAND, "a fill of no order of ours sold 1.5 at 100"),
        (TAKEN, "ADL bought 1.5 at 100"),
        (LIQUIDATED, "a liquidation bought 1.5 at 100"),
    ],
    ids=["by hand", "adl", "liquidation"],
)
def test_a_fill_that_was_told_is_the_cause(fill: AnyMessage, words: str) -> None:
    play = matched(fill, pushed("1.5"), told("1.5"), LOOK, told("1.5")).at("DISPUTED.standing")
    assert words in alarm_text(play)
    assert cause_of(play.state) == words


def test_of_many_fills_the_latest_are_told() -> None:
    play = matched()
    for number in range(FILLS_TOLD + 2):
        play.play(msgspec.structs.replace(BY_HAND, price=D(100 + number)))
    assert cause_of(play.state).count("sold 1.5 at") == FILLS_TOLD
    assert "at 104" in cause_of(play.state)


def test_what_explained_a_position_is_forgotten_with_it() -> None:
    play = matched(BY_HAND, told("0"), LOOK, told("0")).at("MATCHED").play(pushed("2"), told("2"), LOOK, told("2"))
    assert "no fill of it was told" in alarm_text(play.at("DISPUTED.standing"))


# --- pairs -------------------------------------------------------------------------------------------------


def test_a_pair_is_asked_once_about_a_size() -> None:
    play = repairing().play(REPAIR, told("1.5"), LOOK, told("1.5")).at("DISPUTED.standing")
    again = play.play(closed(), told("0"), told("0"), pushed("2"), told("2")).at("LOOKING")
    assert [type(command.message) for command in said(again.play(told("2"))) if isinstance(command, Tell)] == [
        LeftoverFound
    ]


def test_a_market_that_no_pair_of_ours_was_in_has_nobody_to_ask() -> None:
    assert disputed().state.last_pair == ""


def test_what_befalls_a_market_that_a_pair_holds_is_the_pair_s() -> None:
    play = held(pushed("1.5"), BY_HAND, TAKEN, DOWN, UP, told("7"), FAILED).at("HELD")
    assert said(play) == ()
    play.play(closed()).at("LOOKING")
    assert (play.state.size, play.state.contradicted) == (D(0), False), "the pair has verified that it is flat"


# --- time --------------------------------------------------------------------------------------------------


def test_an_empty_market_is_asked_about_once_an_interval_and_a_dispute_once_another() -> None:
    policy = Policy(reconcile=ReconcilePolicy(every_s=60.0, unsettled_every_s=7.0, look_s=3.0))
    play = looking()
    play.policy = policy
    play.play(told("0"))
    assert play.due_ns("recheck") - play.at_ns == 60 * 10**9
    play.play(pushed("1"))
    assert play.due_ns("look") - play.at_ns == 3 * 10**9
    play.play(told("1"), told("1")).at("DISPUTED.standing")
    assert play.due_ns("reask") - play.at_ns == 7 * 10**9


def test_with_many_markets_a_venue_is_asked_no_more_often_on_the_whole() -> None:
    many = ScannerPolicy(assets=tuple(f"A{number}" for number in range(150)))
    play = looking()
    play.policy = Policy(reconcile=ReconcilePolicy(every_s=60.0, question_pause_s=2.0), scanner=many)
    play.play(told("0"))
    assert play.due_ns("recheck") - play.at_ns == 300 * 10**9


def test_a_position_is_known_since_it_was_first_told() -> None:
    play = market()
    first_ns = play.play(pushed("1")).at_ns
    play.play(later(60, pushed("2")))
    assert play.state.since_ns == first_ns
    assert play.play(pushed("0")).state.since_ns == 0
