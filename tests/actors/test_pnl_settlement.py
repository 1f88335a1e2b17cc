from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from actors.commands import QueryPosition, RaiseAlarm, SettlePnl
from actors.domain import Venue
from actors.messages import (
    ActorFaulted,
    EngineResumed,
    LinkLost,
    LinkUp,
    PnlSettled,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    PositionReported,
)
from actors.pnl_settlement import ROLE, PnlSettlement, left_unsettled
from actors.policy import Policy, SettlementPolicy
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import board_of
from tests.playbook import START_NS, Playbook, fires, later, like

Play = Playbook[PnlSettlement]
D = Decimal
DAY_S = 86_400.0
POLICY = Policy(settlement=SettlementPolicy(tries_most=2, reread_tries_most=2, held_least_usd=D(25)))
UP = LinkUp(venue=Venue.DRIFT)
DOWN = LinkLost(venue=Venue.DRIFT, reason="cut")
ASK = SettlePnl(venue=Venue.DRIFT, asset="ETH")
READ = QueryPosition(venue=Venue.DRIFT, asset="ETH")
FAULT = ActorFaulted(error="KeyError")
RESUMED = EngineResumed(silent_since_ns=START_NS)
REJECTED = PnlSettlementRejected(venue=Venue.DRIFT, asset="ETH", detail="6260 PnlPoolCantSettleUser")
UNRESOLVED = PnlSettlementUnresolved(venue=Venue.DRIFT, asset="ETH", detail="no one has seen it yet")
ALARM = like(RaiseAlarm, code="pnl_unsettled", severity="info")
FAULTED = like(RaiseAlarm, code="actor_fault", severity="critical")


def told(unsettled: str, size: str = "0", *, queried: bool = False) -> PositionReported:
    return PositionReported(
        venue=Venue.DRIFT,
        asset="ETH",
        size=D(size),
        venue_at_ns=START_NS,
        queried=queried,
        unsettled_usd=D(unsettled),
    )


def settled(usd: str) -> PnlSettled:
    return PnlSettled(venue=Venue.DRIFT, asset="ETH", amount_usd=D(usd), venue_at_ns=START_NS)


LEFT = told("12.34")
NOTHING = told("0")
ALL = settled("12.34")
PART = settled("5")
STILL = told("12.34", queried=True)


def market(policy: Policy = POLICY) -> Play:
    start = PnlSettlement(actor="pnl_settlement/drift/ETH", place="IDLE", venue=Venue.DRIFT, asset="ETH")
    return Playbook(ROLE, start, board=board_of(UP), policy=policy)


def without_link(play: Play) -> Play:
    play.board = board_of(DOWN)
    return play


def due() -> Play:
    return market().play(LEFT).at("UNSETTLED.due")


def asked() -> Play:
    return due().play(fires("calm")).at("UNSETTLED.asked")


def backoff() -> Play:
    return asked().play(REJECTED).at("UNSETTLED.backoff")


def last_try() -> Play:
    return backoff().play(fires("backoff")).at("UNSETTLED.asked")


def refused() -> Play:
    return last_try().play(REJECTED).at("UNSETTLED.refused")


def reading() -> Play:
    return asked().play(UNRESOLVED).at("UNSETTLED.reading")


STORIES: dict[str, Story] = {
    "P1": lambda: (market() >> LEFT).at("UNSETTLED.due"),
    "P1: a loss": lambda: (market() >> told("-0.5")).at("UNSETTLED.due"),
    "P2": lambda: (market().play(told("30", "1")) >> later(DAY_S, told("30", "1"))).at("UNSETTLED.due"),
    "P3": lambda: (market() >> NOTHING).at("IDLE"),
    "P3: dust": lambda: (market() >> told("0.001")).at("IDLE"),
    "P3: held since a moment": lambda: (market() >> told("30", "1")).at("IDLE"),
    "P3: a loss that is held": lambda: (market().play(told("-90", "1")) >> later(DAY_S, told("-90", "1"))).at("IDLE"),
    "P3: too little that is held": lambda: (market().play(told("9", "1")) >> later(DAY_S, told("9", "1"))).at("IDLE"),
    "P4": lambda: (due().play(NOTHING) >> fires("calm")).at("IDLE"),
    "P5": lambda: (due() >> fires("calm") << ASK).at("UNSETTLED.asked"),
    "P6": lambda: (without_link(due()) >> fires("calm")).at("UNSETTLED.backoff"),
    "P7": lambda: (asked() >> ALL << READ).at("UNSETTLED.reading"),
    "P8": lambda: (asked() >> UNRESOLVED << READ).at("UNSETTLED.reading"),
    "P9": lambda: (asked() >> fires("answer") << READ).at("UNSETTLED.reading"),
    "P10": lambda: (asked() >> REJECTED).at("UNSETTLED.backoff"),
    "P11": lambda: (last_try() >> REJECTED << ALARM).at("UNSETTLED.refused"),
    "P12": lambda: (reading() >> told("0", queried=True)).at("IDLE"),
    "P12: pushed": lambda: (asked().play(ALL) >> NOTHING).at("IDLE"),
    "P13": lambda: (reading() >> STILL).at("UNSETTLED.backoff"),
    "P13: a part": lambda: (asked().play(PART) >> told("7.34", queried=True)).at("UNSETTLED.backoff"),
    "P14": lambda: (last_try().play(UNRESOLVED) >> STILL << ALARM).at("UNSETTLED.refused"),
    "P15": lambda: (reading() >> LEFT).at("UNSETTLED.reading"),
    "P16": lambda: (reading() >> fires("reread") << READ).at("UNSETTLED.reading"),
    "P17": lambda: (reading().play(fires("reread")) >> fires("reread") << ALARM).at("UNSETTLED.refused"),
    "P18": lambda: (backoff() >> NOTHING).at("IDLE"),
    "P18: after all": lambda: (refused() >> NOTHING).at("IDLE"),
    "P19": lambda: (backoff() >> LEFT).at("UNSETTLED.backoff"),
    "P20": lambda: (backoff() >> fires("backoff") << ASK).at("UNSETTLED.asked"),
    "P21": lambda: (without_link(backoff()) >> fires("backoff")).at("UNSETTLED.backoff"),
    "P22": lambda: (refused() >> fires("retry") << ASK).at("UNSETTLED.asked"),
    "P23": lambda: (without_link(refused()) >> fires("retry")).at("UNSETTLED.refused"),
    "P24": lambda: (asked() >> RESUMED << READ).at("UNSETTLED.reading"),
    "P25": lambda: (backoff() >> RESUMED).at("UNSETTLED.backoff"),
    "P26": lambda: (market() >> FAULT << FAULTED).at("IDLE"),
    "P27": lambda: (asked() >> FAULT << FAULTED).at("UNSETTLED.asked"),
}


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def remaining_ns(play: Play, timer: str) -> int:
    return play.due_ns(timer) - play.at_ns


def alarm_text(play: Play) -> str:
    assert play.step is not None
    return next(command.text for command in play.step.commands if isinstance(command, RaiseAlarm))


def test_the_venue_is_asked_again_only_after_a_pause_that_doubles() -> None:
    play = market(Policy(settlement=SettlementPolicy(tries_most=4))).play(LEFT, fires("calm"))
    pauses = []
    for _ in range(3):
        play.play(REJECTED).at("UNSETTLED.backoff")
        pauses.append((play.due_ns("backoff") - play.at_ns) / 10**9)
        play.play(fires("backoff"))
    assert pauses == [60.0, 120.0, 240.0]
    play.play(REJECTED).at("UNSETTLED.refused")
    assert (play.due_ns("retry") - play.at_ns) / 10**9 == 3600.0


@pytest.mark.parametrize(
    ("somewhere", "timer"),
    [(due, "calm"), (asked, "answer"), (reading, "reread"), (backoff, "backoff"), (refused, "retry")],
)
def test_a_step_that_failed_leaves_it_where_it_is_with_its_clock_begun_anew(
    somewhere: Callable[[], Play], timer: str
) -> None:
    place, whole_ns = somewhere().state.place, remaining_ns(somewhere(), timer)
    play = somewhere().passes(1).play(FAULT).took("P27", place)
    assert remaining_ns(play, timer) == whole_ns


@pytest.mark.parametrize(("somewhere", "timer"), [(due, "calm"), (backoff, "backoff"), (refused, "retry")])
def test_an_engine_that_comes_back_waits_the_whole_pause_again(somewhere: Callable[[], Play], timer: str) -> None:
    place, whole_ns = somewhere().state.place, remaining_ns(somewhere(), timer)
    play = somewhere().passes(1).play(RESUMED).took("P25", place)
    assert remaining_ns(play, timer) == whole_ns


@pytest.mark.parametrize(("somewhere", "timer"), [(backoff, "backoff"), (refused, "retry")])
def test_what_the_venue_tells_meanwhile_does_not_put_the_next_attempt_off(
    somewhere: Callable[[], Play], timer: str
) -> None:
    play = somewhere()
    due_ns = play.due_ns(timer)
    assert play.play(later(1, LEFT), later(1, LEFT)).took("P19").due_ns(timer) == due_ns


def test_after_people_were_told_one_attempt_an_interval_is_left() -> None:
    play = refused()
    for attempt in (3, 4):
        play.play(fires("retry")).at("UNSETTLED.asked").play(REJECTED).at("UNSETTLED.refused")
        assert f"after {attempt} attempts (6260 PnlPoolCantSettleUser)" in alarm_text(play)


def test_the_alarm_names_venue_market_amount_and_the_last_word() -> None:
    text = alarm_text(last_try().play(PART, told("7.34", queried=True)))
    assert "drift: 7.34 USD of ETH are not settled after 2 attempts (only 5 USD could be settled)" in text
    assert "every 60 minutes" in text


def test_a_link_that_is_down_uses_up_no_attempt() -> None:
    play = without_link(due()).play(fires("calm"), *(fires("backoff"),) * 5).at("UNSETTLED.backoff")
    assert play.state.attempts == 0
    play.board = board_of(UP)
    play.play(fires("backoff")).at("UNSETTLED.asked")
    assert play.state.attempts == 1


def test_attempts_begin_anew_once_all_was_settled() -> None:
    play = backoff().play(NOTHING, LEFT, fires("calm")).at("UNSETTLED.asked")
    assert play.state.attempts == 1
    play.play(REJECTED).at("UNSETTLED.backoff")


def test_what_is_unknown_is_read_before_it_is_asked_for_again() -> None:
    play = reading().play(LEFT, UNRESOLVED, REJECTED, fires("reread")).at("UNSETTLED.reading")
    assert play.state.attempts == 1
    play.play(STILL).at("UNSETTLED.backoff").play(fires("backoff")).at("UNSETTLED.asked")
    assert play.state.attempts == 2


def test_an_answer_that_comes_after_the_account_showed_it_changes_nothing() -> None:
    play = reading().play(NOTHING).at("IDLE").play(ALL).at("IDLE")
    assert play.state.unsettled_usd == 0


def test_a_held_profit_is_settled_once_an_interval_and_a_close_does_not_wait_for_it() -> None:
    play = market().play(told("30", "1"), later(DAY_S, told("30", "1")), fires("calm"), settled("30"))
    play.play(told("0", "1")).at("IDLE")
    play.play(later(DAY_S / 2, told("90", "1"))).at("IDLE")
    play.play(later(DAY_S / 2, told("90", "1"))).at("UNSETTLED.due")
    play.play(fires("calm"), settled("90"), told("0", "1"), told("12")).at("UNSETTLED.due")


def test_the_interval_of_a_held_position_begins_when_it_is_opened() -> None:
    play = market().play(told("0"), later(2 * DAY_S, told("30", "1"))).at("IDLE")
    play.play(later(DAY_S - 1, told("30", "-1"))).at("IDLE")
    play.play(later(2, told("30", "-1"))).at("UNSETTLED.due")


def test_what_somebody_else_settled_is_not_asked_for() -> None:
    play = due().play(ALL, NOTHING, fires("calm")).at("IDLE")
    assert play.state.attempts == 0


def test_no_limit_of_zero_makes_nothing_worth_a_fee() -> None:
    free = Policy(settlement=SettlementPolicy(flat_least_usd=D(0), held_least_usd=D(0), held_every_s=0.0))
    assert market(free).play(NOTHING).row == "P3"
    assert market(free).play(told("0", "1")).row == "P3"
    assert market(free).play(told("-1", "1")).row == "P3"
    assert market(free).play(told("0.000001")).row == "P1"


@pytest.mark.parametrize(
    ("size", "usd", "says"),
    [("0", "12.344", "12.34 USD of ETH"), ("0", "-3", "-3.00 USD"), ("0", "0.001", ""), ("1", "50", "")],
)
def test_what_is_left_at_the_end_is_named(size: str, usd: str, says: str) -> None:
    state = msgspec.structs.replace(market().state, size=D(size), unsettled_usd=D(usd))
    notes = left_unsettled(state)
    assert [says in note and "drift" in note for note in notes] == ([True] if says else [])
