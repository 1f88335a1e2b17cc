"""What limits measure: every position and every order in flight, each counted where it belongs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.commands import SubmitOrder
from actors.domain import Side, Venue
from actors.messages import DrainAsked
from actors.risk.exposure import Exposed, exposures_with
from tests.actors.risk.orders import RiskPlay, calm, limited, order, send, watching
from tests.actors.risk.test_books import fill
from tests.factories import MAKER, TAKER, account, board_of, market_facts, quote, sample

BOARD = calm(
    board_of(
        *market_facts(TAKER),
        *market_facts(MAKER),
        *market_facts(TAKER, "ETH"),
        *market_facts(MAKER, "ETH"),
        sample(TAKER, "40", "ETH"),
        sample(MAKER, "40", "ETH"),
    )
)
"""BTC at 100 USD and ETH at 40, on both venues."""


def sent(play: RiskPlay, wish: SubmitOrder) -> tuple[str, str]:
    """The rule that denies the order and what was measured, or nothing."""
    denied = send(play, wish)
    return ("", "") if denied is None else (denied.rule, denied.measured)


def exposed(**limits: str) -> RiskPlay:
    """A bought position of 10 BTC on one venue, 10 ETH sold there, and 5 BTC sold on the other, all in flight."""
    play = watching(limited(**{name: Decimal(limit) for name, limit in limits.items()}), BOARD)
    for number, (size, side, venue, asset) in enumerate(
        (
            ("10", Side.BUY, TAKER, "BTC"),
            ("10", Side.SELL, TAKER, "ETH"),
            ("5", Side.SELL, MAKER, "BTC"),
        )
    ):
        price = "40" if asset == "ETH" else "100"
        assert send(play, order(size, side, venue, asset, order_id=str(number), price=price)) is None
    return play


@pytest.mark.parametrize(
    ("rule", "venue", "asset", "measured"),
    [
        ("total_gross_most_usd", MAKER, "ETH", "1940.00"),
        ("venue_gross_most_usd", TAKER, "ETH", "1440.00"),
        ("venue_gross_most_usd", MAKER, "ETH", "540.00"),
        ("asset_gross_most_usd", MAKER, "BTC", "1600.00"),
        ("asset_gross_most_usd", TAKER, "ETH", "440.00"),
        ("total_net_most_usd", MAKER, "ETH", "60.00"),
        ("venue_short_most_usd", MAKER, "ETH", "540.00"),
        ("venue_short_most_usd", TAKER, "ETH", "440.00"),
        ("total_short_most_usd", MAKER, "ETH", "940.00"),
        ("pair_short_most_usd", MAKER, "ETH", "940.00"),
        ("pair_gross_most_usd", MAKER, "ETH", "1940.00"),
    ],
)
def test_each_limit_measures_all_that_is_its_and_nothing_else(
    rule: str, venue: Venue, asset: str, measured: str
) -> None:
    """One more unit is sold; the limit is a cent below what is then exposed, and nothing is denied at it."""
    wish = order("1", Side.SELL, venue, asset, order_id="next", price="40" if asset == "ETH" else "100")
    below = str(Decimal(measured) - Decimal("0.01"))
    assert sent(exposed_to(rule, below), wish) == (rule, measured)
    assert sent(exposed_to(rule, measured), wish) == ("", "")


def exposed_to(rule: str, limit: str) -> RiskPlay:
    """Exposed as above, and only then held to the limit."""
    play = exposed()
    play.policy = limited(**{rule: Decimal(limit)})
    return play


def test_an_order_counts_for_what_is_left_of_it() -> None:
    play = watching()
    assert send(play, order("10")) is None
    assert exposures_with(play.play(fill("4")).state, None) == [
        Exposed(f"{TAKER}:BTC", Decimal(10), Decimal(10), Decimal(4))
    ]


def test_an_order_of_less_than_one_unit_counts_on_its_side() -> None:
    play = watching()
    assert send(play, order("0.5", order_id="buy")) is None
    assert send(play, order("0.2", Side.SELL, order_id="sell")) is None
    assert exposures_with(play.state, None) == [
        Exposed(f"{TAKER}:BTC", Decimal("0.3"), Decimal("0.5"), Decimal("-0.2"))
    ]


def test_a_position_and_the_orders_that_would_turn_it_are_the_worst_case_of_both() -> None:
    play = watching()
    assert send(play, order("10")) is None
    play.play(fill("10"))
    assert send(play, order("30", Side.SELL, order_id="turn")) is None
    assert send(play, order("3", order_id="more")) is None
    assert exposures_with(play.state, None) == [Exposed(f"{TAKER}:BTC", Decimal(-17), Decimal(13), Decimal(-20))]


def test_once_openings_are_stopped_the_denial_says_where_risk_stands() -> None:
    denied = send(watching().play(DrainAsked(reason="end")), order())
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("openings_stopped", "RESTRICTED", "WATCHING")


def test_without_any_price_nothing_is_opened() -> None:
    link, listed = market_facts(TAKER)[:2]
    denied = send(watching(board=board_of(link, listed, account(TAKER))), order(price="0"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("reference_price", "0", "> 0")


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"orders_per_minute_most": 0}, ("orders_per_minute_most", "0", "0")),
        ({"price_collar_bps": Decimal(5)}, ("price_collar_bps", "100.0", "5")),
        ({"total_gross_most_usd": Decimal(5)}, ("total_gross_most_usd", "100.00", "5")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_denial_names_the_limit(limits: dict[str, object], expected: tuple[str, str, str]) -> None:
    denied = send(watching(limited(**limits)), order(price="101"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == expected


def test_without_equity_the_denial_says_so_and_names_the_limit() -> None:
    denied = send(watching(limited(leverage_most=Decimal(2)), board_of(*market_facts(TAKER)[:4])), order())
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("leverage_most", "no equity known", "2")


def test_one_dollar_of_equity_is_known_equity() -> None:
    board = board_of(*market_facts(TAKER), account(TAKER, "1"))
    assert sent(watching(board=board), order("0.01")) == ("", "")


def test_a_market_without_a_mark_is_valued_at_its_mid() -> None:
    link, listed = market_facts(TAKER)[:2]
    board = board_of(link, listed, quote(TAKER, "49.9", "50.1"), account(TAKER))
    assert sent(watching(board=board), order(price="100"))[0] == "price_collar_bps"
    assert sent(watching(board=board), order(price="50")) == ("", "")


def test_a_cheap_market_has_a_price() -> None:
    board = calm(board_of(*market_facts(TAKER), sample(TAKER, "0.5")))
    assert sent(watching(board=board), order(price="0.5")) == ("", "")


def test_a_market_whose_name_has_a_colon_is_one_market() -> None:
    board = board_of(*market_facts(TAKER, "dex:GOLD"))
    assert sent(watching(board=board), order(asset="dex:GOLD")) == ("", "")


def test_what_may_be_long_is_bounded_at_the_venue_in_the_pair_and_in_all() -> None:
    wish = order("1", Side.BUY, TAKER, order_id="next")
    for rule in ("venue_long_most_usd", "total_long_most_usd", "pair_long_most_usd"):
        assert sent(exposed_to(rule, "1099.99"), wish) == (rule, "1100.00")
        assert sent(exposed_to(rule, "1100"), wish) == ("", "")


def test_another_pair_s_markets_are_no_part_of_a_pair() -> None:
    play = exposed_to("pair_gross_most_usd", "40")
    wish = order("1", Side.SELL, MAKER, "ETH", order_id="next", price="40")
    assert send(play, wish, "pair_position/ETH-2") is None
    assert sent(play, replace(wish, order_id="mine")) == ("pair_gross_most_usd", "1980.00")


def test_a_market_is_its_last_trader_s() -> None:
    """Its whole exposure is that pair's now: an order in a market that another pair holds is bounded with it."""
    play = exposed_to("pair_gross_most_usd", "1100")
    assert send(play, order("1", order_id="theirs"), "pair_position/BTC-2") is None
    assert send(play, order("1", order_id="more"), "pair_position/BTC-2") is not None


@pytest.mark.parametrize(("size", "rule"), [("2", ""), ("2.01", "order_base_most")])
def test_an_order_is_bounded_in_base_units_whatever_the_mark_says(size: str, rule: str) -> None:
    board = calm(board_of(*market_facts(TAKER), sample(TAKER, "0.01")))
    play = watching(limited(order_base_most={"BTC": Decimal(2)}), board)
    assert sent(play, order(size, price="0.01"))[0] == rule
    assert sent(watching(limited(order_base_most={"ETH": Decimal(2)}), board), order("9", price="0.01"))[0] == ""
