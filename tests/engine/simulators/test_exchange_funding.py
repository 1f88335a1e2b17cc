import pytest

from engine.simulators.exchange import Events, FundingPaid, FundingRule, FundingSettled, PriceBase, RateSource
from engine.simulators.exchange.funding import hourly_rate
from tests.engine.simulators.exchange_builders import (
    HOUR_NS,
    NS_PER_S,
    T0,
    D,
    conserved,
    exchange,
    open_venue,
    order,
    point,
)

HOUR = T0 + HOUR_NS

SETTLED_ROWS = [
    # (premium, rate) as Hyperliquid settled them: ARB 2025-08-27 06:00, 07:00 and 08:00 UTC
    ("0.0006197563", "0.00001496953"),
    ("0.0005971348", "0.0000125"),
    ("0.0001926829", "0.0000125"),
]


@pytest.mark.parametrize(("premium", "rate"), SETTLED_ROWS)
def test_the_formula_reproduces_settled_rates(premium: str, rate: str) -> None:
    assert abs(hourly_rate(FundingRule(), D(premium)) - D(rate)) < D("1e-9")


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        ("0", "0.0000125"),
        ("-0.0004", "0.0000125"),
        ("-0.0012", "-0.0000875"),
        ("0.0014", "0.0001125"),
        ("0.9", "0.04"),
        ("-0.9", "-0.04"),
    ],
)
def test_the_rate_is_pulled_to_the_interest_and_capped(premium: str, rate: str) -> None:
    assert hourly_rate(FundingRule(), D(premium)) == D(rate)


def settled(events: Events, asset: str = "BTC") -> FundingSettled:
    (row,) = (e for e in events if isinstance(e, FundingSettled) and e.asset == asset)
    return row


def paid(events: Events) -> dict[str, D]:
    return {e.account: e.amount_usd for e in events if isinstance(e, FundingPaid)}


def test_longs_pay_shorts_when_the_rate_is_positive() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.place(T0, "bob", order("sell", "0.5"))
    venue.set_point(HOUR, point(52_000, at_ns=HOUR, oracle=51_950))
    events = venue.settle_funding(HOUR)
    row = settled(events)
    assert (row.rate, row.source, row.hour_ns) == (D("0.0000125"), RateSource.COMPUTED, HOUR)
    assert paid(events) == {"alice": D("-0.649375"), "bob": D("0.324688")}
    position = venue.position("alice", "BTC")
    assert position is not None
    assert position.funding_since_open_usd == position.funding_all_time_usd == D("-0.649375")
    assert conserved(venue)
    assert [p.amount_usd for p in venue.funding_paid_since("alice", HOUR)] == [D("-0.649375")]
    assert venue.funding_paid_since("alice", HOUR + 1) == ()


def test_an_hour_is_settled_once_and_the_hour_of_the_first_point_never() -> None:
    venue = open_venue()
    assert venue.settle_funding(T0) == ()
    assert venue.settle_funding(HOUR - 1) == ()
    assert len(venue.settle_funding(HOUR)) == 1
    assert venue.settle_funding(HOUR + 5) == ()
    assert [row.hour_ns for row in venue.funding_settled_since("BTC", 0)] == [HOUR]


def test_hours_that_passed_in_silence_are_each_settled() -> None:
    venue = open_venue()
    events = venue.settle_funding(T0 + 3 * HOUR_NS + 7)
    assert [e.hour_ns for e in events if isinstance(e, FundingSettled)] == [T0 + k * HOUR_NS for k in (1, 2, 3)]


def test_the_premium_of_an_hour_is_weighted_by_time_and_ends_at_the_hour() -> None:
    venue = exchange()
    deep = (("0", "100"),)
    quarter = HOUR_NS // 4
    for step, mid in enumerate((50_000, 50_000, 50_000, 50_400)):
        at = T0 + step * quarter
        venue.set_point(at, point(mid, at_ns=at, oracle=50_000, spread_bps="0.1", depth=deep))
    after = HOUR + 60 * NS_PER_S
    venue.set_point(after, point(49_000, at_ns=after, oracle=50_000, spread_bps="0.1", depth=deep))
    row = settled(venue.settle_funding(after))
    best_bid = D(50_399)
    assert abs(row.premium - (best_bid - 50_000) / 50_000 / 4) < D("1e-9")
    assert row.rate == ((row.premium - D("0.0005")) / 8).quantize(D("1e-10"))


def test_the_premium_uses_impact_prices_so_a_wide_book_has_none() -> None:
    venue = exchange()
    venue.set_point(T0, point(50_020, oracle=50_000, spread_bps="10"))
    market = venue.market("BTC")
    assert market is not None
    assert market.premium == 0
    assert market.impact_bid < D(50_000) < market.impact_ask


def test_the_forming_rate_is_for_the_coming_hour_and_the_last_paid_for_the_past_one() -> None:
    venue = exchange()
    assert venue.funding_view("BTC") is None
    deep = (("0", "100"),)
    venue.set_point(T0, point(50_100, oracle=50_000, spread_bps="0.1", depth=deep))
    before = venue.funding_view("BTC")
    assert before is not None
    assert (before.last_paid_rate, before.next_settlement_ns) == (None, HOUR)
    assert before.forming_rate > D("0.0001")
    venue.set_point(HOUR, point(50_000, at_ns=HOUR, oracle=50_000, spread_bps="0.1", depth=deep))
    row = settled(venue.settle_funding(HOUR))
    after = venue.funding_view("BTC")
    assert after is not None
    assert row.rate == before.forming_rate == after.last_paid_rate
    assert (after.last_paid_ns, after.next_settlement_ns) == (HOUR, HOUR + HOUR_NS)
    assert after.forming_rate == D("0.0000125")


def test_a_recorded_rate_wins_over_the_formula() -> None:
    venue = exchange()
    venue.set_point(T0, point(forming="0.00003", settled="0.00009"))
    forming = venue.funding_view("BTC")
    assert forming is not None
    assert forming.forming_rate == D("0.00003")
    venue.set_point(HOUR, point(at_ns=HOUR, forming="0.00005", settled="0.00004"))
    row = settled(venue.settle_funding(HOUR))
    assert (row.rate, row.source) == (D("0.00004"), RateSource.RECORDED)


def test_a_recording_whose_point_after_the_hour_is_late_settles_at_its_estimate() -> None:
    venue = exchange()
    venue.set_point(T0, point(forming="0.00003", settled="0.00009"))
    row = settled(venue.settle_funding(HOUR))
    assert (row.rate, row.source) == (D("0.00003"), RateSource.RECORDED)
    row = settled(venue.settle_funding(HOUR + HOUR_NS))
    assert row.source is RateSource.COMPUTED


def test_a_forced_rate_settles_once() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.force_funding_rate("BTC", D("-0.001"))
    events = venue.settle_funding(HOUR)
    assert (settled(events).source, paid(events)["alice"]) == (RateSource.FORCED, D(50))
    assert settled(venue.settle_funding(HOUR + HOUR_NS)).source is RateSource.COMPUTED


def test_the_price_base_is_a_rule_of_the_venue() -> None:
    venue = open_venue(funding=FundingRule(price_base=PriceBase.MARK))
    venue.place(T0, "alice", order("buy", "1"))
    at = T0 + 1800 * NS_PER_S
    venue.set_point(at, point(51_000, at_ns=at, oracle=50_000))
    mark = venue.market("BTC")
    assert mark is not None
    (payment,) = (e for e in venue.settle_funding(HOUR) if isinstance(e, FundingPaid))
    assert payment.price == mark.mark != D(50_000)


def test_funding_since_change_starts_anew_with_each_fill() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.settle_funding(HOUR)
    venue.place(HOUR, "alice", order("buy", "0.1", "50060"))
    venue.settle_funding(HOUR + HOUR_NS)
    position = venue.position("alice", "BTC")
    assert position is not None
    assert position.funding_since_change_usd == D("-0.6875")
    assert position.funding_since_open_usd == D("-1.3125")
    venue.set_position(HOUR + HOUR_NS, "alice", "BTC", D(-1))
    flipped = venue.position("alice", "BTC")
    assert flipped is not None
    assert (flipped.funding_since_open_usd, flipped.funding_all_time_usd) == (D(0), D("-1.3125"))


def test_a_halted_market_still_settles() -> None:
    venue = open_venue()
    venue.place(T0, "alice", order("buy", "1"))
    venue.halt(T0, "BTC")
    assert paid(venue.settle_funding(HOUR)) == {"alice": D("-0.625")}
