from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.calibration import kinds
from engine.calibration.measures import Pair, Pairs
from engine.calibration.recorded import Sample, Settled

D = Decimal
KEY = "hyperliquid/ctx.funding"
RATES = [D((n * 37) % 101 - 50) / 1_000_000 for n in range(100)]
FOLLOWING: tuple[Pair, ...] = tuple((rate, rate) for rate in RATES)
ASKEW: tuple[Pair, ...] = tuple(zip(RATES, RATES[1:] + RATES[:1], strict=True))
SAMPLE = Sample(venue="pacifica", symbol="BTC", hour=0, rate=kinds.RESTING, least=D(1), most=D(1))


def live(coming: tuple[Pair, ...], before: tuple[Pair, ...] = ASKEW) -> dict[str, bool]:
    found = kinds.follows_settlements(KEY, "live", {0: Pairs(found=before), 1: Pairs(found=coming)}, D(0))
    return {check.name: check.passed for check in found}


def test_a_forming_rate_that_follows_the_coming_settlement_passes() -> None:
    assert live(FOLLOWING) == {"live": True, "live: the hour it follows": True}


def test_one_in_percent_or_of_eight_hours_fails_by_its_ratio() -> None:
    for factor in (8, 100):
        wrong = tuple((rate * factor, settled) for rate, settled in FOLLOWING)
        assert not live(wrong)["live"]


def test_one_of_the_wrong_sign_or_of_another_hour_fails_by_its_correlation() -> None:
    assert not live(tuple((-rate, settled) for rate, settled in FOLLOWING))["live"]
    assert not live(ASKEW, FOLLOWING)["live: the hour it follows"]


def test_too_few_pairs_fail() -> None:
    assert live(FOLLOWING[: kinds.PAIRS_LEAST])["live"]
    assert not live(FOLLOWING[: kinds.PAIRS_LEAST - 1])["live"]


def test_a_rate_that_moves_within_the_hour_is_not_the_last_paid() -> None:
    moving = msgspec.structs.replace(SAMPLE, most=D(2))
    assert kinds.stands_still(KEY, (SAMPLE,) * 200).passed
    assert not kinds.stands_still(KEY, (SAMPLE,) * 199).passed
    assert not kinds.stands_still(KEY, (SAMPLE,) * 200 + (moving,) * 3).passed


def test_a_rate_that_rests_elsewhere_has_another_unit() -> None:
    assert kinds.rests(KEY, (SAMPLE,), kinds.RESTING).passed
    assert not kinds.rests(KEY, (SAMPLE,), kinds.RESTING * 8).passed


def test_a_settled_rate_must_follow_from_its_premium() -> None:
    """0.0003 of premium is inside the clamp: the interest part alone, 0.0001 / 8; 0.002 is outside: 0.0015 / 8."""
    hour = kinds.FORMULA_SINCE_HOUR
    inside = Settled(symbol="BTC", hour=hour, rate=D("0.0000125"), premium=D("0.0003"), interval_h=1)
    outside = Settled(symbol="BTC", hour=hour, rate=D("0.0001875"), premium=D("0.002"), interval_h=1)
    wrong = msgspec.structs.replace(inside, rate=D("0.0001"))
    assert kinds.follows_formula("formula", (inside, outside)).passed
    assert not kinds.follows_formula("formula", (inside, outside, wrong)).passed
