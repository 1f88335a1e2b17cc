"""A leg's hours through the estimator: only what certainly happened, and only a leg that is still there."""

from __future__ import annotations

from decimal import Decimal

from engine.calibration.adl_event import DAY_MS, HOUR_MS, Candle
from engine.calibration.adl_replay import POLICY, Leg, certain, elsewhere, hours, leg_of, listed, said

D = Decimal


def candle(hour: int, opened: str, high: str, low: str, close: str) -> Candle:
    return Candle(at_ms=DAY_MS + hour * HOUR_MS, open=D(opened), high=D(high), low=D(low), close=D(close))


def leg(sign: int, entry: str = "100", leverage: str = "3") -> Leg:
    return Leg(coin="BTC", sign=sign, leverage=D(leverage), entry=D(entry))


CANDLE = candle(0, "100", "110", "90", "105")


def test_only_what_must_have_happened_within_the_hour_is_fed() -> None:
    """High before low, or after it, cannot be told from a candle."""
    marks = [[mark for _, mark in each] for each in certain(leg(-1), CANDLE)]
    assert marks == [[100, 90], [110, 105]]
    marks = [[mark for _, mark in each] for each in certain(leg(1), CANDLE)]
    assert marks == [[100, 110], [90, 105]]


def test_the_score_is_the_estimator_s() -> None:
    """A 3x short from 100, now 96: equity 33.3 + 4, so a leverage of 2.57; 4 % are 3.33 fractions of 1.25 %."""
    found = said(leg(-1), ((0, D(100)), (60_000, D(96))))
    assert listed("BTC").instrument.maintenance_fraction == D("0.0125")
    assert round(found.score, 2) == D("8.93")
    assert found.level == 5
    assert found.words.startswith("estimate 8.93 = queue 2.68 (gain 1.0417, leverage 2.57) x stress 3.33 (moved 0.0417")


def test_an_account_that_is_used_up_has_no_leg() -> None:
    assert said(leg(-1), ((0, D(100)), (60_000, D(140)))).words == "liquidated before"


def test_a_leg_is_opened_a_day_before_or_not_at_all() -> None:
    candles = (candle(0, "100", "110", "90", "105"), candle(24, "90", "91", "80", "85"))
    assert leg_of("BTC", candles, candles[1].at_ms, -1, D(3)) == leg(-1)
    assert leg_of("BTC", candles, candles[0].at_ms, -1, D(3)) is None


def test_an_hour_counts_once_by_the_most_that_was_said_and_quiet_hours_not_at_all() -> None:
    quiet = (candle(hour, "100", "100.1", "99.9", "100") for hour in range(24))
    candles = (*quiet, candle(24, "100", "100", "90", "99"), candle(25, "99", "99.1", "99", "99"))
    (found,) = hours("BTC", candles, -1, D(3), D(4))
    assert found.at_ms == candles[24].at_ms
    assert found.score == max(said(leg(-1), marks).score for marks in certain(leg(-1), candles[24]))
    assert found.level == 5


def test_no_hour_that_reaches_the_score_is_left_out_as_quiet() -> None:
    """The filter that saves time must not decide."""
    opened = tuple(candle(hour, "100", "100", "100", "100") for hour in range(24))
    for tenths in range(10, 60):
        low = str(100 - D(tenths) / 10)
        for sign, extreme in ((-1, candle(24, "100", "100", low, low)), (1, candle(24, low, "100", low, "100"))):
            entry = "100" if sign < 0 else "98"
            before = tuple(Candle(at_ms=c.at_ms, open=D(entry), high=c.high, low=c.low, close=c.close) for c in opened)
            most = max(said(leg(sign, entry), marks).score for marks in certain(leg(sign), extreme))
            found = [each.score for each in hours("BTC", (*before, extreme), sign, D(3), D(4))]
            assert found == [most] or most < 4


def test_a_leg_elsewhere_on_a_venue_that_deleveraged_us_is_judged_by_its_leverage() -> None:
    levels = [elsewhere(D(each)).level for each in ("0.2", "1", "3")]
    assert levels == [2, POLICY.adl.reduce_level, POLICY.adl.exit_level]
