"""M8 by venue: a frame, or an answer, about our account that cannot be read costs no fact, wherever it falls."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from actors.messages import FundingPaid, PositionDeleveraged, PositionLiquidated
from engine.fuzzing.acts import Deleverage, Liquidate
from engine.fuzzing.lives import Lives
from engine.fuzzing.market import Look
from engine.fuzzing.oracle import check_run
from engine.fuzzing.run import Run
from engine.fuzzing.world import World, play_of, terms_of
from engine.simulators.faults import FaultRule, Garble, Traffic
from tests.engine.fuzzing.worlds import world
from tests.scenarios.faulty import DRIFT_ACCOUNTS, DRIFT_HISTORY, DRIFT_SIGNATURES

FRAMES: dict[Venue, tuple[str, ...]] = {
    Venue.HYPERLIQUID: ("userFills", "userFundings", "orderUpdates", "clearinghouseState"),
    Venue.PACIFICA: ("account_trades", "account_order_updates", "account_positions", "account_info"),
    Venue.LIGHTER: (
        "account_all_trades*",
        "account_all_orders*",
        "account_all_positions*",
        "account_tx*",
        "notification*",
        "user_stats*",
    ),
}
ANSWERS: dict[str, dict[str, Any]] = {
    "accounts": DRIFT_ACCOUNTS,
    "transactions": DRIFT_HISTORY,
    "signatures": DRIFT_SIGNATURES,
}
"""Drift tells nothing of our account by its stream: it is read."""
HOUR_S, TAKEN_S = 25.0, 40.0
WHEN = (9.0, HOUR_S - 0.5, TAKEN_S - 0.5)
"""One frame each as the pair is entered, as funding is settled, as the venue takes a fifth of a leg."""


def rules(strikes: dict[str, Any]) -> tuple[FaultRule, ...]:
    """The first message of a kind after each of these moments cannot be read, not even its channel."""
    broken = Garble(find='"', put="'")
    return tuple(FaultRule(name=f"{at_s:g} s", fault=broken, from_s=at_s, at_most=1, **strikes) for at_s in WHEN)


def garbled(venue: Venue, strikes: dict[str, Any]) -> World:
    """A pair of this venue and another is entered, paid, taken a part of, and closed."""
    other = Venue.HYPERLIQUID if venue is Venue.PACIFICA else Venue.PACIFICA
    force = Liquidate if venue is Venue.DRIFT else Deleverage  # Drift has no ADL
    deep, thin = Decimal(900_000_000), Decimal(200_000)
    return world(
        venues=(venue, other),
        looks=(
            Look(venue=venue.value, asset="ETH", premium_bps=Decimal(20), open_interest_usd=deep),
            Look(venue=other.value, asset="ETH", premium_bps=Decimal(-10), sold_usd_per_s=thin),
        ),
        lead_s=HOUR_S,
        hold_s=60.0,
        duration_s=150.0,
        calm_s=60.0,
        acts=(force(at_s=TAKEN_S, venue=venue, asset="ETH", share=Decimal("0.2")),),
        rules=rules({"venue": venue.value, **strikes}),
    )


def held_to_the_truth(played: World, venue: Venue, directory: Path) -> None:
    """Nothing is estimated: each fill is booked at its price with its fee, each payment once, to the cent."""
    lives = Lives(play_of(played), directory)
    lives.perform()
    exact = replace(terms_of(played, lives.reborn_s), all_told=True, estimate_share=Decimal(0))
    run = Run(exact, directory, lives.engine, lives.alarms)
    check_run(run)
    heard = [record.message for record in run.pair_records]
    assert [m.venue for m in heard if isinstance(m, PositionDeleveraged | PositionLiquidated)] == [venue]
    paid = 0 if venue is Venue.DRIFT else 1  # nothing is opened there before its first settlement
    assert [m.venue for m in heard if isinstance(m, FundingPaid)].count(venue) == paid
    assert any(lives.simulated[venue].struck(rule.name) for rule in played.rules)


@pytest.mark.parametrize(
    ("venue", "channel"), [(venue, channel) for venue, channels in FRAMES.items() for channel in channels]
)
def test_m8_a_frame_of_our_account_that_cannot_be_read_costs_no_fact(
    venue: Venue, channel: str, tmp_path: Path
) -> None:
    held_to_the_truth(garbled(venue, {"traffic": Traffic.FRAME, "match": channel}), venue, tmp_path / "run")


@pytest.mark.parametrize("answer", ANSWERS)
def test_m8_an_answer_about_our_account_that_cannot_be_read_costs_no_fact(answer: str, tmp_path: Path) -> None:
    held_to_the_truth(garbled(Venue.DRIFT, ANSWERS[answer]), Venue.DRIFT, tmp_path / "run")
