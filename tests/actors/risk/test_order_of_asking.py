"""Whatever makes risk look asks first for what is more urgent than a level, then tells the level, then asks the rest.

One pair holds one leg whose market is in trouble; each row of the chart that looks is reached by playing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.board import fold
from actors.domain import MarketStatus
from actors.messages import AnyMessage
from actors.risk import RiskState
from tests.actors.risk.orders import RiskPlay, order, send
from tests.actors.risk.test_books import fill, over
from tests.actors.risk.test_risk import DRAIN, HOLD, WATCH, holding, lost, ranked, sent
from tests.actors.risk.test_watch import said
from tests.factories import TAKER, account, listed, sample
from tests.playbook import Cue

NEAR = "60"
"""Equity of the account at which 10 at a mark of 100 is five per cent from its liquidation."""
FAR = "500"
"""And at which it is far from it, at a leverage of two."""

Way = tuple[Callable[[], RiskPlay], Cue[RiskState]]


def holding_and_sent() -> RiskPlay:
    """Ten are held, one more is on its way."""
    play = holding()
    assert send(play, order("1", order_id="more")) is None
    return play


def given_up() -> RiskPlay:
    """The order counts as never filled; what it left behind is told later."""
    return sent().play(over("0"))


WAYS: dict[str, Way] = {
    "K1": (sent, fill("10")),
    "K2": (holding_and_sent, fill("1", "z", "more")),
    "K3": (given_up, ranked("0.9")),
    "K4": (holding, ranked("0.9")),
    "K6": (holding, WATCH),
    "K12": (lambda: lost("-51"), WATCH),
}
"""For each row that tells levels and asks: where risk stands, and what makes it look."""


def in_trouble(play: RiskPlay, equity: str, *more: AnyMessage) -> RiskPlay:
    """Half of the open interest is gone: at a leverage of two or more, that is level 5."""
    for fact in (account(TAKER, equity), sample(TAKER, interest="500000"), *more):
        play.board = fold(play.board, fact, play.at_ns)
    return play


def asked(row: str, play: RiskPlay, cue: Cue[RiskState]) -> list[str]:
    """By which rules something was asked or told, in order; the run's end, by K12, left out."""
    step = (play >> cue << ...).took(row).step
    assert step is not None
    return [rule for rule in said(step.commands) if rule != "daily_loss"]


@pytest.mark.parametrize("row", list(WAYS))
def test_a_leg_near_its_liquidation_is_closed_before_its_level_is_told(row: str) -> None:
    reach, cue = WAYS[row]
    assert asked(row, in_trouble(reach(), NEAR), cue) == ["liquidation_distance", "adl_exit"]


@pytest.mark.parametrize("row", list(WAYS))
def test_a_level_is_told_before_what_is_less_urgent_is_asked(row: str) -> None:
    reach, cue = WAYS[row]
    play = in_trouble(reach(), FAR, listed(TAKER, MarketStatus.HALTED)).passes(61)
    assert asked(row, play, cue) == ["adl_exit", "market_closed"]


@pytest.mark.parametrize("place", ["PAUSED", "RESTRICTED"])
def test_levels_are_watched_while_nothing_may_be_opened(place: str) -> None:
    play = in_trouble(holding(HOLD if place == "PAUSED" else DRAIN).at(place), NEAR)
    assert asked("K6", play, WATCH) == ["liquidation_distance", "adl_exit"]
    play.at(place)
