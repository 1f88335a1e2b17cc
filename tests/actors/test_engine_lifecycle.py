from __future__ import annotations

from decimal import Decimal

import pytest

from actors.commands import RaiseAlarm, StopEngine, Tell
from actors.engine_lifecycle import ROLE, EngineLifecycle
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    CloseAsked,
    DrainAsked,
    EmergencyAsked,
    EngineResumed,
    EngineStarted,
    KillSwitchPulled,
    LinkLost,
    LinkUp,
    PairHedged,
)
from actors.policy import Policy
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import MAKER, PAIR, TAKER, closed, reopened, spawned
from tests.playbook import Like, Playbook, fires, like

OTHER = "pair_position/ETH-2"
STARTED = EngineStarted(mode="paper")
BOTH_UP: tuple[AnyMessage, ...] = (LinkUp(venue=TAKER), LinkUp(venue=MAKER))
SPAWNED, SPAWNED_OTHER = spawned(), spawned(OTHER)
CLOSED, REOPENED = closed(), reopened()
DRAIN = DrainAsked(reason="operator")
KILL = KillSwitchPulled(by="operator", reason="fire")
HEDGED = PairHedged(pair=PAIR, size=Decimal(1))
RESUMED = EngineResumed(silent_since_ns=1)
LOST = LinkLost(venue=TAKER, reason="cut")
FAULT = ActorFaulted(error="KeyError")
STOP = like(StopEngine)


def told(to: str, kind: type) -> Like:
    return like(Tell, to=to, message=like(kind))


ASKED_TO_DRAIN = (told("funding_scanner", DrainAsked), told("risk", DrainAsked), told("pairs", CloseAsked))
KILLED = (
    told("risk", KillSwitchPulled),
    told("funding_scanner", KillSwitchPulled),
    told("pairs", EmergencyAsked),
)


def engine(*before: AnyMessage) -> Playbook[EngineLifecycle]:
    return Playbook(ROLE, EngineLifecycle(actor="engine_lifecycle", place="STARTING")).play(STARTED, *before)


def running(*before: AnyMessage) -> Playbook[EngineLifecycle]:
    return engine(*BOTH_UP).at("RUNNING").play(*before)


def draining() -> Playbook[EngineLifecycle]:
    return running(SPAWNED, SPAWNED_OTHER, DRAIN).at("DRAINING")


def cut_off(*after: AnyMessage) -> Playbook[EngineLifecycle]:
    """Running without a pair; both links are lost."""
    return running(*(LinkLost(venue=venue, reason="not running") for venue in (TAKER, MAKER)), *after)


def recovering(*after: AnyMessage) -> Playbook[EngineLifecycle]:
    """One pair is open; the engine came back and has not heard of the venues."""
    return cut_off(SPAWNED, RESUMED, *after).at("RECOVERING")


def recovering_two() -> Playbook[EngineLifecycle]:
    """Two pairs are open, and both venues are there again."""
    return cut_off(SPAWNED, SPAWNED_OTHER, RESUMED, *BOTH_UP).at("RECOVERING")


def waited_long() -> Playbook[EngineLifecycle]:
    """A venue is down, and the time for draining has begun as often as it may."""
    play = draining().play(LOST)
    return play.play(*[fires("drain_timeout")] * (Policy().lifecycle.drain_rounds_most - 1))


def alarm(code: str) -> Like:
    return like(RaiseAlarm, code=code, severity="critical")


def say(play: Playbook[EngineLifecycle], *answers: Like) -> Playbook[EngineLifecycle]:
    for answer in answers:
        _ = play << answer
    return play


STORIES: dict[str, Story] = {
    "L1": lambda: engine().at("STARTING"),
    "L2": lambda: say(engine(BOTH_UP[0]) >> BOTH_UP[1], told("funding_scanner", EngineStarted)).at("RUNNING"),
    "L3": lambda: (engine() >> BOTH_UP[0]).at("STARTING"),
    "L4": lambda: say(engine() >> fires("links_timeout"), alarm("links_missing"), STOP).at("STOPPED"),
    "L5": lambda: say(engine() >> DRAIN, STOP).at("STOPPED"),
    "L6": lambda: say(engine() >> KILL, STOP).at("STOPPED"),
    "L7": lambda: say(running() >> fires("run_time"), *ASKED_TO_DRAIN, STOP).at("STOPPED"),
    "L8": lambda: say(running(SPAWNED) >> fires("run_time"), *ASKED_TO_DRAIN).at("DRAINING"),
    "L9": lambda: say(running(SPAWNED, CLOSED) >> DRAIN, *ASKED_TO_DRAIN, STOP).at("STOPPED"),
    "L10": lambda: say(running(SPAWNED) >> DRAIN, *ASKED_TO_DRAIN).at("DRAINING"),
    "L11": lambda: say(running() >> KILL, *KILLED, STOP).at("STOPPED"),
    "L12": lambda: say(running(SPAWNED) >> KILL, *KILLED).at("FLATTENING"),
    "L12: while draining": lambda: say(draining() >> KILL, *KILLED).at("FLATTENING"),
    "L13": lambda: (running(SPAWNED, DRAIN) >> CLOSED).at("SETTLING"),
    "L13: after the kill switch": lambda: (running(SPAWNED, KILL) >> CLOSED).at("SETTLING"),
    "L37": lambda: (running(SPAWNED, DRAIN, CLOSED) >> REOPENED).at("DRAINING"),
    "L21": lambda: say(running(SPAWNED, DRAIN, CLOSED) >> fires("settle_time"), STOP).at("STOPPED"),
    "L22": lambda: say(running(SPAWNED, DRAIN, CLOSED) >> KILL, STOP).at("STOPPED"),
    "L14": lambda: (draining() >> CLOSED).at("DRAINING"),
    "L15": lambda: say(draining() >> fires("drain_timeout"), alarm("drain_late"), told("pairs", EmergencyAsked)).at(
        "FLATTENING"
    ),
    "L16": lambda: say(running(SPAWNED, KILL) >> fires("flatten_timeout"), alarm("left_open"), STOP).at("STOPPED"),
    "L17": lambda: say(draining() >> FAULT, alarm("actor_fault")).at("DRAINING"),
    "L17: before the links": lambda: say(engine() >> FAULT, alarm("actor_fault")).at("STARTING"),
    "L18": lambda: say(running() >> FAULT, alarm("actor_fault"), *ASKED_TO_DRAIN, STOP).at("STOPPED"),
    "L19": lambda: say(running(SPAWNED) >> FAULT, alarm("actor_fault"), *ASKED_TO_DRAIN).at("DRAINING"),
    "L23": lambda: (engine(BOTH_UP[0]) >> RESUMED).at("STARTING"),
    "L24": lambda: (running(SPAWNED) >> RESUMED).at("RECOVERING"),
    "L24: again": lambda: (recovering() >> RESUMED).at("RECOVERING"),
    "L25": lambda: say(cut_off(RESUMED, BOTH_UP[0]) >> BOTH_UP[1], told("funding_scanner", EngineStarted)).at(
        "RUNNING"
    ),
    "L26": lambda: (recovering(BOTH_UP[0]) >> BOTH_UP[1]).at("RECOVERING"),
    "L27": lambda: say(recovering(*BOTH_UP) >> HEDGED, told("funding_scanner", EngineStarted)).at("RUNNING"),
    "L28": lambda: (recovering(BOTH_UP[0]) >> HEDGED).at("RECOVERING"),
    "L29": lambda: say(recovering(*BOTH_UP) >> CLOSED, told("funding_scanner", EngineStarted)).at("RUNNING"),
    "L30": lambda: (recovering(BOTH_UP[0]) >> CLOSED).at("RECOVERING"),
    "L31": lambda: say(recovering() >> fires("recovery_timeout"), alarm("recovery_late")).at("RECOVERING"),
    "L7: while recovering": lambda: say(cut_off(RESUMED) >> fires("run_time"), *ASKED_TO_DRAIN, STOP).at("STOPPED"),
    "L8: while recovering": lambda: say(recovering() >> fires("run_time"), *ASKED_TO_DRAIN).at("DRAINING"),
    "L12: while recovering": lambda: say(recovering() >> KILL, *KILLED).at("FLATTENING"),
    "L32": lambda: say(draining() >> RESUMED, *ASKED_TO_DRAIN).at("DRAINING"),
    "L33": lambda: say(running(SPAWNED, KILL) >> RESUMED, told("pairs", EmergencyAsked)).at("FLATTENING"),
    "L34": lambda: (running(SPAWNED, DRAIN, CLOSED) >> RESUMED).at("SETTLING"),
    "L35": lambda: say(running(DRAIN) >> RESUMED, STOP).at("STOPPED"),
    "L36": lambda: say(draining() >> BOTH_UP[0], *ASKED_TO_DRAIN).at("DRAINING"),
    "L38": lambda: say(draining().play(LOST) >> fires("drain_timeout"), alarm("drain_waits"), *ASKED_TO_DRAIN).at(
        "DRAINING"
    ),
    "L39": lambda: say(waited_long() >> fires("drain_timeout"), alarm("left_open"), STOP).at("STOPPED"),
    "L40": lambda: say(waited_long().play(fires("drain_timeout")) >> RESUMED, *ASKED_TO_DRAIN).at("DRAINING"),
    "L20": lambda: say(running(DRAIN) >> FAULT, alarm("actor_fault")).at("STOPPED"),
    "L9: while recovering": lambda: say(cut_off(RESUMED) >> DRAIN, *ASKED_TO_DRAIN, STOP).at("STOPPED"),
    "L11: while recovering": lambda: say(cut_off(RESUMED) >> KILL, *KILLED, STOP).at("STOPPED"),
    "L28: another is not verified": lambda: (recovering_two() >> HEDGED).at("RECOVERING"),
    "L30: another is not verified": lambda: (recovering_two() >> CLOSED).at("RECOVERING"),
}
STAYING = ("L3", "L14", "L20", "L26", "L28", "L30", "L35", "L36")
"""Rows that leave the engine where it is, with its timers running on."""


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


@pytest.mark.parametrize("name", list(STORIES))
def test_only_these_rows_leave_the_timers_running(name: str) -> None:
    assert STORIES[name]().arrived is (row_of(name) not in STAYING)


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def alarm_text(play: Playbook[EngineLifecycle]) -> str:
    assert play.step is not None
    return next(command.text for command in play.step.commands if isinstance(command, RaiseAlarm))


def test_the_venue_that_was_not_reached_is_named() -> None:
    text = alarm_text(engine(BOTH_UP[0]).play(fires("links_timeout")))
    assert "no link to pacifica;" in text
    assert "hyperliquid" not in text


def test_pairs_that_are_left_are_named_and_those_that_closed_are_not() -> None:
    play = draining().play(CLOSED, fires("drain_timeout"))
    assert OTHER in alarm_text(play)
    assert PAIR not in alarm_text(play)
    assert OTHER in alarm_text(play.play(fires("flatten_timeout")))


def test_the_run_begins_when_all_links_are_up_at_once() -> None:
    play = engine(LinkUp(venue=TAKER), LinkLost(venue=TAKER, reason="cut"), LinkUp(venue=MAKER)).at("STARTING")
    play.play(LinkUp(venue=TAKER)).at("RUNNING")


def test_the_run_lasts_as_long_as_configured() -> None:
    play = running()
    assert play.due_ns("run_time") - play.at_ns == 21 * 86400 * 10**9


def test_the_end_says_why() -> None:
    def reason(play: Playbook[EngineLifecycle]) -> str:
        assert play.step is not None
        return next(command.reason for command in play.step.commands if isinstance(command, StopEngine))

    assert reason(running(SPAWNED, DRAIN, CLOSED).play(fires("settle_time"))) == "operator"
    assert reason(running(SPAWNED, KILL, CLOSED).play(fires("settle_time"))) == "fire"
    assert reason(running().play(fires("run_time"))) == "the run's duration is over"


def test_a_pair_that_is_open_again_is_waited_for_and_reached_by_the_kill_switch() -> None:
    play = running(SPAWNED, CLOSED, REOPENED)
    say(play >> KILL, *KILLED).took("L12", "FLATTENING")
    play.play(CLOSED).at("SETTLING")
    running(SPAWNED, CLOSED, REOPENED, DRAIN).at("DRAINING").play(CLOSED).at("SETTLING")


def test_a_pair_that_is_open_again_is_to_be_verified_before_trading_goes_on() -> None:
    play = recovering(CLOSED, REOPENED, *BOTH_UP).at("RECOVERING")
    play.play(CLOSED).at("RUNNING")


def test_what_keeps_trading_from_going_on_is_named() -> None:
    text = alarm_text(recovering(BOTH_UP[0]).play(fires("recovery_timeout")))
    assert "no link to pacifica" in text
    assert PAIR in text
    assert "hyperliquid" not in text


def test_the_run_lasts_no_longer_for_having_been_cut_off() -> None:
    assert recovering().due_ns("run_time") == running().due_ns("run_time")


def test_a_recovery_with_a_leg_that_cannot_be_closed_ends_by_the_run_s_duration_and_names_what_is_left() -> None:
    """The pair never says that it is verified: it is stranded. The run ends all the same, by its own clocks."""
    play = recovering(*BOTH_UP, fires("recovery_timeout")).at("RECOVERING")
    say(play >> fires("run_time"), *ASKED_TO_DRAIN).took("L8", "DRAINING")
    play.play(fires("drain_timeout")).at("FLATTENING").play(fires("flatten_timeout")).took("L16", "STOPPED")
    assert PAIR in alarm_text(play)


def test_a_recovery_with_a_leg_that_cannot_be_closed_ends_also_while_its_venue_stays_away() -> None:
    rounds = [fires("drain_timeout")] * Policy().lifecycle.drain_rounds_most
    play = recovering(BOTH_UP[0]).play(fires("run_time"), *rounds).took("L39", "STOPPED")
    assert PAIR in alarm_text(play)
