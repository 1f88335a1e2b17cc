"""Each turn befalls its market, in its time, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.fuzzing.market import (
    NS_PER_S,
    Dry,
    Flow,
    Look,
    Shifted,
    Silent,
    Slide,
    Turn,
    TurnedMarket,
    Unwinding,
    Wide,
)
from engine.simulators.market import MarketPoint

D = Decimal
START_NS = 1_000 * NS_PER_S
WHEN = {"asset": "ETH", "venue": "pacifica", "from_s": 10.0, "to_s": 20.0}


def market(*turns: Turn, wobble_bps: float = 0.0, seed: int = 1) -> TurnedMarket:
    looks = tuple(Look(venue=venue, asset="ETH", premium_bps=D(10)) for venue in ("pacifica", "lighter"))
    return TurnedMarket(
        seed=seed, prices={"ETH": D(2000)}, looks=looks, turns=turns, wobble_bps=wobble_bps, start_ns=START_NS
    )


def at(found: TurnedMarket, second: float, venue: str = "pacifica") -> MarketPoint:
    point = found.sample(venue, "ETH", START_NS + round(second * NS_PER_S))
    assert point is not None
    return point


TURNS: list[tuple[Turn, str, object, object]] = [
    (Dry(share=D("0.1"), **WHEN), "depth", D(15), D("1.5")),  # type: ignore[arg-type]
    (Wide(spread_bps=D(60), **WHEN), "spread_bps", D(2), D(60)),  # type: ignore[arg-type]
    (Shifted(premium_bps=D(-30), **WHEN), "mid", D(2002), D(1996)),  # type: ignore[arg-type]
    (Unwinding(share=D("0.5"), **WHEN), "open_interest", D(150_000), D(75_000)),  # type: ignore[arg-type]
    (
        Flow(bought_usd_per_s=D(0), sold_usd_per_s=D(4000), **WHEN),  # type: ignore[arg-type]
        "taker_sell_per_s",
        D(0),
        D(2),
    ),
]


@pytest.mark.parametrize(("turn", "field", "usual", "turned"), TURNS, ids=lambda part: type(part).__name__)
def test_a_turn_holds_in_its_window_at_its_venue(turn: Turn, field: str, usual: object, turned: object) -> None:
    found = market(turn)

    def told(second: float, venue: str = "pacifica") -> object:
        value = getattr(at(found, second, venue), field)
        return value[0].size if field == "depth" else value

    assert [told(9.9), told(10.0), told(19.9), told(20.0)] == [usual, turned, turned, usual]
    assert told(15.0, "lighter") == usual


def test_a_slide_goes_in_a_straight_line_and_stays() -> None:
    found = market(Slide(asset="ETH", from_s=10.0, to_s=20.0, factor=D("0.9")))
    assert [at(found, second, "lighter").oracle for second in (10.0, 15.0, 20.0, 500.0)] == [2000, 1900, 1800, 1800]


def test_a_gap_has_no_point() -> None:
    found = market(Silent(**WHEN))  # type: ignore[arg-type]
    assert found.sample("pacifica", "ETH", START_NS + 15 * NS_PER_S) is None
    assert at(found, 15.0, "lighter").mid == 2002


def test_the_wobble_is_the_seed_s_and_within_its_bounds() -> None:
    first, again, other = market(wobble_bps=10.0), market(wobble_bps=10.0), market(wobble_bps=10.0, seed=2)
    told = [at(first, second).oracle for second in range(50)]
    assert told == [at(again, second).oracle for second in range(50)]
    assert told != [at(other, second).oracle for second in range(50)]
    assert all(abs(price / 2000 - 1) <= D("0.001") for price in told)
    assert len(dict.fromkeys(told)) > 10


def test_a_market_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no market for 'BTC'"):
        market().sample("pacifica", "BTC", START_NS)
