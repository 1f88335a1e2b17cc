from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from msgspec.structs import replace

from actors.actor import Context
from actors.board import Board
from actors.commands import AnyCommand, RaiseAlarm
from actors.domain import Side
from actors.messages import HoldOpeningsAsked, PersonAsked, RearmAsked
from actors.policy import Policy
from actors.risk import person
from actors.risk.state import Disarmed, RiskState
from actors.roles import ROLES
from engine.alarms import OVER_IN, Alarm, AlarmBook
from engine.limits import EngineLimits

LINK = "venue_link/pacifica"
LATER_NS = 5_000
HOLD = HoldOpeningsAsked(command_id="hold", by="Ann", reason="news")
CONTEXT = Context(message=HOLD, at_ns=1, board=Board(), policy=Policy())


def raised(code: str, text: str, severity: Literal["info", "warning", "critical"] = "critical") -> RaiseAlarm:
    return RaiseAlarm(severity=severity, code=code, text=text)


class Book(AlarmBook):
    """A book whose listener's words are kept."""

    def __init__(self) -> None:
        self.heard: list[Alarm] = []
        super().__init__(self.heard.append)
        self.now_ns = 0

    def take(self, alarm: RaiseAlarm, about: str = LINK) -> None:
        self.now_ns += 1_000
        self.hear(alarm, about=about, seq=self.now_ns, at_ns=self.now_ns)


def test_an_alarm_that_repeats_is_kept_once_told_once_and_counted_each_time() -> None:
    book = Book()
    for _ in range(3):
        book.take(raised("link_sick", "pacifica"))
    book.take(raised("link_sick", "hyperliquid"))
    assert [alarm.text for alarm in book.kept] == [alarm.text for alarm in book.heard] == ["pacifica", "hyperliquid"]
    assert book.total == 4


def test_of_alarms_without_end_the_last_and_every_kind_are_kept() -> None:
    book = Book()
    book.take(raised("left_open", "first"))
    for number in range(EngineLimits().alarms_kept + 49):
        book.take(raised("x", str(number), "warning"))
    assert len(book.kept) == EngineLimits().alarms_kept
    assert (book.kept[0].code, book.kept[-1].text) == ("left_open", str(EngineLimits().alarms_kept + 48))
    assert book.total == EngineLimits().alarms_kept + 50


def test_an_alarm_is_over_when_the_actor_it_is_about_has_left_its_cause_behind() -> None:
    book = Book()
    book.take(raised("link_outage", "no link for 60 s"))
    book.arrived("venue_link/drift", "UP", LATER_NS)
    book.arrived(LINK, "DOWN", LATER_NS)
    assert book.kept[0].resolved_ns == 0
    book.arrived(LINK, "UP", LATER_NS)
    book.arrived(LINK, "UP", LATER_NS + 1)
    assert [alarm.resolved_ns for alarm in book.kept] == [LATER_NS]
    assert [alarm.resolved_ns for alarm in book.heard] == [0, LATER_NS]


def test_an_alarm_whose_cause_shows_no_end_stands() -> None:
    book = Book()
    for code in ("kill_switch", "left_open", "actor_fault", "links_missing"):
        book.take(raised(code, code), about="engine_lifecycle")
    for place in ("UP", "SETTLING", "STOPPED", "HEDGED.earning", "CLOSED.flat"):
        book.arrived("engine_lifecycle", place, LATER_NS)
    assert [alarm.resolved_ns for alarm in book.kept] == [0, 0, 0, 0]


def test_an_alarm_raised_anew_after_it_was_over_stands_again_and_is_told_again() -> None:
    book = Book()
    for _ in range(2):
        book.take(raised("positions_unverified", "DOGE-1", "warning"), about="pair_position/DOGE-1")
        book.arrived("pair_position/DOGE-1", "CLOSED.flat", LATER_NS)
    book.take(raised("positions_unverified", "DOGE-1", "warning"), about="pair_position/DOGE-1")
    (alarm,) = book.kept
    assert (alarm.times, alarm.resolved_ns, alarm.at_ns) == (3, 0, 3_000)
    assert [told.resolved_ns for told in book.heard] == [0, LATER_NS, 0, LATER_NS, 0]


def test_mere_information_that_comes_again_and_again_is_told_once() -> None:
    book = Book()
    for _ in range(3):
        book.take(raised("link_lost", "renewed", "info"))
        book.arrived(LINK, "UP", LATER_NS)
    assert [told.resolved_ns for told in book.heard] == [0, LATER_NS]
    assert [alarm.times for alarm in book.kept] == [3]


def asked(
    tell: Callable[[RiskState, Context], tuple[AnyCommand, ...]], message: PersonAsked, state: RiskState
) -> RaiseAlarm:
    """What risk tells people of a person's word."""
    commands = tell(state, replace(CONTEXT, message=message))
    (alarm,) = (each for each in commands if isinstance(each, RaiseAlarm))
    return alarm


def disarmed(*markets: str) -> RiskState:
    once = Disarmed(at_ns=1, side=Side.BUY, executions=3)
    return RiskState(actor="risk", place="PAUSED", disarmed=dict.fromkeys(markets, once))


def alarm_disarmed(book: Book, *markets: str) -> None:
    for alarm in person.alarm_disarmed(disarmed(*markets), CONTEXT):
        assert isinstance(alarm, RaiseAlarm)
        book.take(alarm, "risk")


def test_a_person_s_hold_is_over_when_risk_has_left_it() -> None:
    book = Book()
    book.arrived("risk", "PAUSED", LATER_NS)
    book.take(asked(person.tell_held, HOLD, disarmed()), "risk")
    book.arrived("risk", "PAUSED", LATER_NS)
    assert book.kept[0].resolved_ns == 0
    book.arrived("risk", "WATCHING.holding", LATER_NS + 1)
    assert (book.kept[0].code, book.kept[0].resolved_ns) == ("openings_held", LATER_NS + 1)


@pytest.mark.parametrize(
    ("market", "armed", "over"),
    [
        ("drift:BTC", ("drift:BTC",), [True, False, False]),
        ("", ("drift:BTC", "pacifica:SOL"), [True, False, True]),
    ],
)
def test_of_markets_opened_in_too_often_those_armed_again_are_over_and_count_anew(
    market: str, armed: tuple[str, ...], over: list[bool]
) -> None:
    book = Book()
    rearm = RearmAsked(command_id="again", by="Ann", reason="seen", market=market)
    alarm_disarmed(book, "drift:BTC", "drift:BTCDOM", "pacifica:SOL")
    for _ in range(2):
        book.take(asked(person.rearm, rearm, disarmed(*armed)), "risk")
        kept = sorted((each.text, bool(each.resolved_ns)) for each in book.kept if each.code == "repeated_executions")
        assert [is_over for _, is_over in kept] == over
        alarm_disarmed(book, *armed)
        assert all(each.resolved_ns == 0 for each in book.kept), "opened in too often once more"


@pytest.mark.parametrize("code", OVER_IN)
def test_every_place_in_which_an_alarm_is_over_is_a_place_of_one_chart(code: str) -> None:
    charts = [role.chart for role in ROLES.values()]
    places = [[state.name for state in chart.states] for chart in charts]
    assert any(all(place in names for place in OVER_IN[code]) for names in places)


def test_of_a_dispute_the_latest_word_stands_and_the_one_before_is_over() -> None:
    book, market = Book(), "reconciler/pacifica:SOL"
    for size in ("short 1 SOL", "short 2 SOL", "short 2 SOL"):
        book.take(raised("market_disputed", size), market)
    book.take(raised("market_disputed", "long 1 SOL"), "reconciler/drift:SOL")
    assert [(alarm.text, bool(alarm.resolved_ns)) for alarm in book.kept] == [
        ("short 1 SOL", True),
        ("short 2 SOL", False),
        ("long 1 SOL", False),
    ]
    book.arrived(market, "MATCHED", LATER_NS)
    assert [bool(alarm.resolved_ns) for alarm in book.kept] == [True, True, False]
