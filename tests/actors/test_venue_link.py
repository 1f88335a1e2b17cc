from __future__ import annotations

import pytest

from actors.commands import RaiseAlarm
from actors.messages import ActorFaulted, EngineStarted, FrameRefused, LinkLost, LinkUp
from actors.policy import LinkPolicy, Policy
from actors.venue_link import ROLE, VenueLink
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import TAKER
from tests.playbook import Playbook, fires, like

STARTED = EngineStarted(mode="paper")
UP = LinkUp(venue=TAKER)
LOST = LinkLost(venue=TAKER, reason="cut")
REFUSED = FrameRefused(venue=TAKER, channel="bbo", detail="unknown enum")
FAULT = ActorFaulted(error="KeyError")
POLICY = Policy(link=LinkPolicy(refused_frames_most=2, outage_s=60.0))


def link() -> Playbook[VenueLink]:
    start = VenueLink(actor=f"venue_link/{TAKER}", place="DOWN", venue=TAKER)
    return Playbook(ROLE, start, policy=POLICY).play(STARTED)


def alarm_text(play: Playbook[VenueLink]) -> str:
    assert play.step is not None
    alarms = [command for command in play.step.commands if isinstance(command, RaiseAlarm)]
    assert len(alarms) == 1
    return alarms[0].text


STORIES: dict[str, Story] = {
    "N0": lambda: link().at("DOWN"),
    "N1": lambda: (link() >> UP).at("UP"),
    "N1: from SICK": lambda: (link().play(UP, REFUSED, REFUSED, REFUSED).at("SICK") >> UP).at("UP"),
    "N2": lambda: (link().play(UP) >> LOST << like(RaiseAlarm, code="link_lost")).at("DOWN"),
    "N3": lambda: (link().play(UP, REFUSED, REFUSED) >> REFUSED << like(RaiseAlarm, code="link_sick")).at("SICK"),
    "N4": lambda: (link().play(UP) >> REFUSED).at("UP"),
    "N5": lambda: (link() >> fires("outage") << like(RaiseAlarm, code="link_outage")).at("DOWN"),
    "N6": lambda: (link() >> FAULT << like(RaiseAlarm, code="actor_fault", severity="critical")).at("DOWN"),
    "N7": lambda: (link().play(UP) >> FAULT << like(RaiseAlarm, code="actor_fault", severity="critical")).at("UP"),
}


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def test_refused_frames_are_counted_from_the_last_time_the_link_came_up() -> None:
    play = link().play(REFUSED, REFUSED, REFUSED, UP, REFUSED, REFUSED).at("UP")
    assert play.state.refused == 2
    play.play(LOST, UP, REFUSED, REFUSED).at("UP").play(REFUSED).at("SICK")
    assert "bbo: unknown enum" in alarm_text(play)


def test_every_outage_alarm_says_how_long_the_link_has_been_down() -> None:
    play = link()
    for minutes in (1, 2, 3):
        play.play(fires("outage"))
        assert f"no link for {60 * minutes} s (never up)" in alarm_text(play)
    play.play(UP, LOST, fires("outage"))
    assert "no link for 60 s (cut)" in alarm_text(play)


def test_a_loss_names_the_venue_and_the_reason_and_is_counted() -> None:
    play = link().play(UP, LOST)
    assert "hyperliquid: link lost (cut)" in alarm_text(play)
    assert play.play(LOST).state.losses == 2


def test_the_outage_clock_runs_only_while_the_link_is_down() -> None:
    assert link().timers == ["outage"]
    assert link().play(UP).timers == []
    assert link().play(UP, LOST).timers == ["outage"]


def test_a_step_that_failed_begins_the_outage_clock_anew() -> None:
    play = link().passes(45).play(FAULT)
    assert (play.due_ns("outage") - play.at_ns) / 10**9 == 60.0
    play.play(fires("outage")).took("N5", "DOWN")
