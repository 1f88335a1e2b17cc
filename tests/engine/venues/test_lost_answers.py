"""The venues' own rules about lost answers: complete, told with every instrument, and what the README says."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.domain import Venue
from actors.policy import Policy
from engine.venues.drift.settings import DriftSettings
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.lighter.wire import TX_EXPIRY_S
from engine.venues.lost_answers import LOST_ANSWERS
from tests.scenarios.harness import HYPERLIQUID, LIGHTER, Scenario, perform

README = Path(__file__).parents[3] / "README.md"
COLUMNS = (Venue.HYPERLIQUID, Venue.PACIFICA, Venue.LIGHTER, Venue.DRIFT)


def test_every_venue_has_a_rule_and_says_what_proves_that_an_order_never_executes() -> None:
    assert sorted(LOST_ANSWERS) == sorted(Venue)
    assert all(rule.resolved_by and rule.never_executed for rule in LOST_ANSWERS.values())


def test_the_readme_shows_how_each_venue_resolves_a_lost_answer() -> None:
    (row,) = [
        line for line in README.read_text(encoding="utf-8").splitlines() if "a lost answer is resolved by" in line
    ]
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == [LOST_ANSWERS[v].resolved_by for v in COLUMNS]


@pytest.mark.parametrize("venue", list(Venue), ids=str)
def test_an_order_s_time_is_over_before_the_questions_about_it_are_used_up(venue: Venue) -> None:
    order = Policy().order
    grace_s = LOST_ANSWERS[venue].lapse_grace_s
    assert order.order_lifetime_s + grace_s < order.doubt_retry_s * (order.doubt_tries_most - 1)
    assert LOST_ANSWERS[venue].silent_s < order.order_lifetime_s


def test_only_proof_makes_waiting_needless() -> None:
    assert [venue for venue in LOST_ANSWERS if not LOST_ANSWERS[venue].lapse_grace_s] == [Venue.LIGHTER]
    assert LOST_ANSWERS[Venue.LIGHTER].lands_most_s > TX_EXPIRY_S


def test_the_adapters_wait_as_their_rules_say() -> None:
    drift = DriftSettings(account="a", assets=())
    assert drift.chain_clock_slack_s == LOST_ANSWERS[Venue.DRIFT].lands_most_s
    hyperliquid = HyperliquidSettings(account="0x" + "0" * 40, assets=())
    assert hyperliquid.unknown_grace_s == LOST_ANSWERS[Venue.HYPERLIQUID].silent_s


def test_the_grace_is_told_with_the_instrument(tmp_path: Path) -> None:
    run = perform(Scenario(venues=(HYPERLIQUID, LIGHTER)), tmp_path / "run")
    listed = {r.message.instrument.venue: r.message.instrument for r in run.records if hasattr(r.message, "instrument")}
    assert {venue: instrument.lapse_grace_ns for venue, instrument in listed.items()} == {
        venue: LOST_ANSWERS[venue].lapse_grace_ns for venue in (HYPERLIQUID, LIGHTER)
    }
    first = run.pair.orders[0]
    sent = next(order for order in run.orders() if order.order_id == first.id)
    assert first.lapses_ns - sent.expires_at_ns >= LOST_ANSWERS[HYPERLIQUID].lapse_grace_ns
