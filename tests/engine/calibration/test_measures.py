from __future__ import annotations

from decimal import Decimal

import pytest

from engine.calibration.measures import correlation, measure, quantile, ratio_of_medians

D = Decimal
RESTING = D("0.0000125")
SETTLED = [D(n) / 1_000_000 for n in (-40, -7, 3, 12, 25, 60, 90)]


def live(factor: str) -> list[tuple[Decimal, Decimal]]:
    return [(rate * D(factor), rate) for rate in SETTLED]


@pytest.mark.parametrize(("factor", "ratio"), [("1", 1), ("8", 8), ("100", 100), ("-1", 1)])
def test_a_wrong_unit_shows_in_the_ratio_of_medians_and_not_in_the_correlation(factor: str, ratio: int) -> None:
    got = measure(live(factor), RESTING)
    assert got.ratio_of_medians == ratio
    assert got.correlation == pytest.approx(-1 if factor == "-1" else 1)


def test_resting_pairs_do_not_count_in_the_ratio() -> None:
    got = measure([*live("8"), *[(RESTING, RESTING)] * 100], RESTING)
    assert (got.pairs, got.moved) == (107, 7)
    assert got.ratio_of_medians == 8
    assert got.exact_share == D(100) / 107


def test_errors_are_bps_per_hour() -> None:
    got = measure([(D("0.0002"), D("0.0001")), (D(0), D(0)), (D("0.0004"), D("0.0001"))], RESTING)
    assert (got.error_median_bps, got.error_p95_bps) == (D(1), D(3))


def test_a_rate_that_does_not_vary_has_no_correlation() -> None:
    assert correlation([(RESTING, rate) for rate in SETTLED]) is None
    assert correlation(live("1")[:2]) is None


def test_nothing_moved_has_no_ratio() -> None:
    assert ratio_of_medians([]) is None
    assert ratio_of_medians([(RESTING, D(0))]) is None


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert [quantile([D(1), D(2), D(3)], D(share)) for share in ("0", "0.5", "0.95", "1")] == [1, 2, 3, 3]
