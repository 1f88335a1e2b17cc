"""A long hold in the whole engine: reviewed by what the scanner observed, told, and ended without a question."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from actors.policy import Policy
from engine.fuzzing.lives import Cue
from tests.scenarios.harness import POLICY, Scenario, play
from tests.scenarios.test_leaving import AT_ONCE, PAIR, settle_at

PERIOD_S, END_S = 20, 72


def reviewing() -> Policy:
    """A review every twenty seconds, the end after seventy-two; the last rate is expected to stay."""
    hours = {"hold_most_h": Decimal(PERIOD_S) / 3600, "hold_longest_h": Decimal(END_S) / 3600}
    told = {name: value.quantize(Decimal("1E-9")) for name, value in hours.items()}
    return replace(
        POLICY,
        auto_close=replace(POLICY.auto_close, **told),
        lifecycle=replace(POLICY.lifecycle, duration_s=150.0),
        forecast=AT_ONCE,
    )


def test_a_pair_that_pays_is_reviewed_and_stays_until_the_end_of_every_hold(tmp_path: Path) -> None:
    run = play(Scenario(policy=reviewing()), tmp_path)
    reviews = [told for told in run.raised("hold_reviewed") if told.text.startswith(f"{PAIR}: ")]
    assert 2 <= len(reviews) <= END_S // PERIOD_S
    assert all("is expected to bring" in told.text and told.severity == "info" for told in reviews)
    assert run.pairs[0].close_reason.startswith("hold_longest: held for 0.0 h (limit 0.02")
    assert [order.purpose for order in run.orders()][:4] == ["taker", "maker", "close", "close"]


def test_a_pair_that_pays_next_to_nothing_any_more_leaves_at_its_review_and_not_before(tmp_path: Path) -> None:
    """Leaving would have cost more than staying: until the review nothing asks it to."""
    cue = Cue(at_s=30.0, do=settle_at("0.0000001"))
    run = play(Scenario(cues=(cue,), policy=reviewing(), calm_s=30.0), tmp_path)
    assert len([told for told in run.raised("hold_reviewed") if told.text.startswith(f"{PAIR}: ")]) == 1
    reason = run.pairs[0].close_reason
    assert reason.startswith("hold_most: held for 0.0 h")
    assert "needed 4" in reason
