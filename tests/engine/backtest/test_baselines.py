"""The simple rules, on hours small enough to reckon by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.backtest.baselines import Hour, Made, Sides, Tape, Terms, flat, follow, naive, static, together

D = Decimal
FREE = Terms(D(1000), {"a": D(0), "b": D(0)}, D(0))
DEAR = Terms(D(1000), {"a": D("0.001"), "b": D("0.002")}, D(10))


def tape(*hours: tuple[str, str, str, str]) -> Tape:
    """(price of a, price of b, rate of a, rate of b) an hour; what is shown is what was paid."""
    return {
        number: {"a": Hour(D(pa), D(ra), D(ra)), "b": Hour(D(pb), D(rb), D(rb))}
        for number, (pa, pb, ra, rb) in enumerate(hours)
    }


STEADY = tape(*[("100", "100", "0.001", "0.0002")] * 4)


def test_flat_makes_nothing() -> None:
    made = follow(STEADY, flat, DEAR)
    assert (made.net, made.trades, made.traded) == (D(0), 0, D(0))
    assert list(made.curve.values()) == [0, 0, 0, 0]


def test_short_gets_the_higher_rate_and_long_pays_the_lower_from_the_hour_after_entry() -> None:
    made = follow(STEADY, naive, FREE)
    assert made.funding == 3 * 1000 * (D("0.001") - D("0.0002"))
    assert (made.price, made.fees, made.net) == (D(0), D(0), made.funding)


def test_every_leg_pays_its_venues_fee_and_half_the_spread_both_ways() -> None:
    """The spread is price, as it is in the engine's books."""
    made = follow(STEADY, naive, DEAR)
    assert made.fees == 2 * 1000 * (D("0.001") + D("0.002"))
    assert made.price == -2 * 1000 * 2 * D("0.001")
    assert (made.trades, made.traded) == (4, D(4000))


def test_naive_turns_around_whenever_the_order_of_the_rates_does() -> None:
    turning = tape(*[("100", "100", "0.001", "0"), ("100", "100", "0", "0.001")] * 2)
    made = follow(turning, naive, FREE)
    assert made.trades == 12
    assert made.funding == -3000 * D("0.001"), "each hour pays the other side of what was shown before"


def test_naive_keeps_what_it_has_on_a_tie_and_without_rates() -> None:
    held = Sides("a", "b")
    hour = {"a": Hour(D(1), D(0), D("0.1")), "b": Hour(D(1), D(0), D("0.1"))}
    assert naive(0, hour, held) == held
    assert naive(0, {"a": Hour(D(1), D(0), None), "b": hour["b"]}, None) is None


def test_a_price_that_moves_apart_is_price_pnl_of_the_units_held() -> None:
    apart = tape(("100", "100", "0.001", "0"), ("110", "105", "0.001", "0"), ("110", "105", "0.001", "0"))
    made = follow(apart, naive, FREE)
    assert made.price == 10 * (-10 + 5)
    assert made.funding == 2 * 10 * 110 * D("0.001")


def test_static_holds_from_its_day_on_the_side_that_paid_before_and_knows_nothing_later() -> None:
    turned = tape(*[("100", "100", "0.001", "0")] * 3, *[("100", "100", "0", "0.009")] * 3)
    made = follow(turned, static(turned, 2), FREE)
    assert made.funding == -3 * 1000 * D("0.009")
    assert made.trades == 4


def test_static_without_a_difference_before_its_day_stays_flat() -> None:
    assert follow(STEADY, static(STEADY, 0), FREE).trades == 0


def test_a_rule_is_never_told_an_hour_before_it_comes() -> None:
    seen: list[int] = []

    def spy(at_ns: int, _: object, __: Sides | None) -> Sides | None:
        seen.append(at_ns)
        return None

    follow(STEADY, spy, FREE)
    assert seen == [0, 1, 2], "and at the last hour there is nothing left to decide"


def test_the_curve_ends_at_the_net() -> None:
    made = follow(STEADY, naive, DEAR)
    assert list(made.curve.values())[-1] == made.net


def test_assets_together_keep_their_last_value_while_the_other_goes_on() -> None:
    def part(net: int, curve: dict[int, Decimal]) -> Made:
        return Made(net=D(net), funding=D(net), fees=D(0), price=D(0), trades=1, traded=D(2), curve=curve)

    both = together([part(5, {1: D(3), 2: D(5)}), part(7, {2: D(4), 3: D(7)})])
    assert both.curve == {1: 3, 2: 9, 3: 12}
    assert (both.net, both.trades, both.traded) == (D(12), 2, D(4))


@pytest.mark.parametrize("rule", [flat, naive])
def test_no_hours_make_nothing(rule: object) -> None:
    assert follow({}, rule, DEAR).net == 0  # type: ignore[arg-type]
