"""The chart of the risk role: when openings are allowed, when positions are looked at, who is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.commands import RaiseAlarm, Tell
from actors.domain import Liquidity, Side, Venue
from actors.messages import (
    ActorFaulted,
    AdlLevelEstimated,
    AnyMessage,
    DrainAsked,
    EmergencyAsked,
    KillSwitchPulled,
    OrderFilled,
    PositionReported,
)
from actors.policy import AdlPolicy, Policy
from actors.risk import ROLE
from tests.actors.risk.orders import RiskPlay, order, send, watching
from tests.actors.risk.test_books import fill, over, position
from tests.actors.rows import Story, never_taken, not_rows, row_of
from tests.factories import ASSET, MAKER, PAIR, TAKER, board_of, deleveraged, liquidated, market_facts, sample
from tests.playbook import START_NS, fires, like

KILL = KillSwitchPulled(by="operator", reason="fire")
DRAIN = DrainAsked(reason="end")
FAULT = ActorFaulted(error="KeyError")
EMERGENCY = like(Tell, to="pairs", message=like(EmergencyAsked, reason="fire"))
KILLED = like(RaiseAlarm, code="kill_switch", severity="critical")
FAULTED = like(RaiseAlarm, code="actor_fault", severity="critical")
WATCH = fires("adl_watch")


def ranked(rank: str, size: str = "10") -> PositionReported:
    return PositionReported(venue=TAKER, asset=ASSET, size=Decimal(size), venue_at_ns=START_NS, adl_rank=Decimal(rank))


def holding(*more: AnyMessage) -> RiskPlay:
    play = watching()
    assert send(play, order("10")) is None
    return play.play(fill("10"), *more)


def level(number: int) -> object:
    return like(Tell, to=PAIR, message=like(AdlLevelEstimated, level=number, venue=TAKER))


STORIES: dict[str, Story] = {
    "K1": lambda: (_sent() >> fill("4")).at("WATCHING.holding"),
    "K2": lambda: (holding(position("0")) >> fill("1")).at("WATCHING.holding"),
    "K3": lambda: (watching() >> position("10")).at("WATCHING.holding"),
    "K4": lambda: (holding() >> ranked("0.7") << level(4)).at("WATCHING.holding"),
    "K5": lambda: (holding(position("0")) >> WATCH).at("WATCHING.idle"),
    "K6": lambda: (holding(ranked("0.9")) >> WATCH << level(5)).at("WATCHING.holding"),
    "K6: nothing held, but the run is ending": lambda: (holding(position("0"), DRAIN) >> WATCH).at("RESTRICTED"),
    "K7": lambda: (watching() >> DRAIN).at("RESTRICTED"),
    "K8": lambda: (holding() >> KILL << KILLED << EMERGENCY).at("KILLED"),
    "K8: while the run is ending": lambda: (watching().play(DRAIN) >> KILL << KILLED << EMERGENCY).at("KILLED"),
    "K9": lambda: (watching().play(KILL) >> KILL << EMERGENCY).at("KILLED"),
    "K10": lambda: (holding() >> FAULT << FAULTED).at("RESTRICTED"),
}


def _sent() -> RiskPlay:
    play = watching()
    assert send(play, order("10")) is None
    return play


@pytest.mark.parametrize("name", list(STORIES))
def test_the_row_decides_as_the_chart_says(name: str) -> None:
    STORIES[name]().took(row_of(name))


def test_every_row_has_its_story() -> None:
    assert never_taken(ROLE.chart, STORIES) == []
    assert not_rows(ROLE.chart, STORIES) == []


def test_risk_that_fails_after_the_kill_switch_does_not_open_again() -> None:
    play = watching().play(KILL, FAULT)
    assert send(play, order()) is not None


def test_adl_is_watched_as_often_as_configured_while_something_is_held() -> None:
    play = holding()
    assert play.due_ns("adl_watch") - play.at_ns == 30 * 10**9
    play.play(WATCH)
    assert play.due_ns("adl_watch") - play.at_ns == 30 * 10**9


def test_a_level_that_asks_for_nothing_is_not_news() -> None:
    for rank in ("0", "0.3", "0.59"):
        (holding() >> ranked(rank)).took("K4")


def test_an_own_fill_is_a_reason_to_look_at_the_level() -> None:
    play = holding(PositionReported(venue=TAKER, asset=ASSET, size=Decimal(10), venue_at_ns=START_NS, entry_price=1))  # type: ignore[arg-type]
    assert send(play, order("1", order_id="more")) is None
    play.play(sample(TAKER, "100"))
    (play >> fill("1", "z", "more") << ...).took("K2")
    assert play.step is not None


def test_a_position_nobody_trades_is_told_to_nobody() -> None:
    (watching() >> ranked("0.9")).took("K3")


def test_an_order_that_is_over_unfilled_leaves_nothing_held() -> None:
    play = _sent().play(over("0"))
    assert play.at("WATCHING.idle").state.in_flight == {}


def held_on(venue: Venue, asset: str, actor: str, play: RiskPlay) -> None:
    """A position of 100, which gains a little, ten per cent of the account."""
    name = f"{venue}-{asset}"
    assert send(play, order("100", venue=venue, asset=asset, order_id=name), actor) is None
    play.play(
        OrderFilled(
            venue=venue,
            asset=asset,
            order_id=name,
            fill_id=name,
            side=Side.BUY,
            price=Decimal(100),
            size=Decimal(100),
            fee_usd=Decimal(0),
            liquidity=Liquidity.TAKER,
            venue_at_ns=START_NS,
        ),
        PositionReported(
            venue=venue, asset=asset, size=Decimal(100), venue_at_ns=START_NS, entry_price=Decimal("99.9")
        ),
    )


def test_an_adl_of_one_leg_is_a_reason_to_look_at_every_leg_on_that_venue() -> None:
    """On 2025-10-10 most coins were deleveraged a minute or more after the venue's first."""
    policy = replace(Policy(), adl=AdlPolicy(level_scores=tuple(Decimal(each) for each in ("0.1", "0.2", "0.3", "9"))))
    board = board_of(*market_facts(TAKER), *market_facts(TAKER, "SOL"), *market_facts(MAKER))
    play = watching(policy, board)
    for venue, asset in ((TAKER, ASSET), (TAKER, "SOL"), (MAKER, ASSET)):
        held_on(venue, asset, f"pair_position/{asset}-{venue}", play)
    play >> deleveraged(TAKER, "50", Side.SELL)
    play << like(Tell, to=f"pair_position/SOL-{TAKER}", message=like(AdlLevelEstimated, level=4, asset="SOL"))
    play.took("K2")  # half of the leg itself is left, at half the leverage: level 3; and nothing for the other venue
    assert play.state.deleveraged_ns == {TAKER.value: play.at_ns}
    play.passes(policy.adl.stress_window_s - 60).play(sample(TAKER, asset="SOL"))
    (play >> WATCH << like(Tell, message=like(AdlLevelEstimated, asset="SOL"))).took("K6")
    play.passes(120)
    (play >> WATCH).took("K6")


def test_a_liquidation_of_ours_says_nothing_of_the_venue() -> None:
    assert holding(liquidated(TAKER, "1", Side.SELL)).state.deleveraged_ns == {}
