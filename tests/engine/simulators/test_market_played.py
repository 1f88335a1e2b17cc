"""A history played as a market tells at every instant what was known then, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.simulators.market import History, MarketPoint, Played, Player, RecordedMarket, Span, play, read_history
from engine.simulators.market.history import Lane, Rate
from engine.simulators.market.table import HOUR_NS
from tests.engine.backtest.histories import BEGIN_NS, write
from tests.shared import data_root

D = Decimal
T0 = BEGIN_NS
SPAN = Span(T0, T0 + 24 * HOUR_NS)
PLAYERS = (Player("hyperliquid", "hyperliquid"), Player("binance", "pacifica"))


def history(hours: int = 24) -> History:
    """Hourly on the one, told half an hour late at 3; eight-hourly on the other, with prices of 8 hours."""
    first = Lane(rates={}, opens={})
    for hour in range(hours):
        at_ns = T0 + hour * HOUR_NS
        late_ns = HOUR_NS // 2 if hour == 3 else 0
        first.rates[at_ns], first.opens[at_ns] = Rate(D(hour) / 1_000_000, 1, at_ns + late_ns), 100.0 + hour
    eight = Lane(
        rates={T0 + h * HOUR_NS: Rate(D("0.0008"), 8, T0 + h * HOUR_NS) for h in range(0, hours, 8)},
        coarse={T0 + h * HOUR_NS: 90.0 for h in range(0, hours, 8)},
    )
    return History(lanes={("hyperliquid", "BTC"): first, ("binance", "BTC"): eight})


def at(market: RecordedMarket, hours: float, venue: str = "hyperliquid") -> MarketPoint:
    point = market.sample(venue, "BTC", T0 + int(hours * HOUR_NS))
    assert point is not None
    return point


def test_a_price_is_the_open_of_its_hour_and_stands_still() -> None:
    market = play(history(), PLAYERS, ("BTC",), SPAN).market
    assert [at(market, h).mid for h in (1, 1.5, 1.99, 2)] == [D(101), D(101), D(101), D(102)]
    assert at(market, 1).premium == 0


def test_a_rate_is_shown_only_once_it_is_known() -> None:
    market = play(history(), PLAYERS, ("BTC",), SPAN).market
    assert [at(market, h).forming_rate for h in (2.9, 3, 3.4, 3.5)] == [D("2e-6"), D("2e-6"), D("2e-6"), D("3e-6")]
    assert at(market, 3).settled_rate == D("3e-6"), "what was paid at an hour is paid at it"


def test_eight_hours_are_paid_whole_at_their_hour_and_shown_as_an_eighth() -> None:
    market = play(history(), PLAYERS, ("BTC",), SPAN).market
    assert [at(market, h, "pacifica").settled_rate for h in (1, 7, 8, 9)] == [0, 0, D("0.0008"), 0]
    assert [at(market, h, "pacifica").forming_rate for h in (1, 7, 8, 9)] == [D("0.0001")] * 4


def test_a_payment_for_eight_hours_that_falls_into_a_hole_is_told() -> None:
    """The other venue's hours around it are paid: the sum leans to whoever would have paid."""
    holed = history()
    del holed.lanes["hyperliquid", "BTC"].rates[T0 + 8 * HOUR_NS]
    assert (
        "BTC: 1 of 3 payments of binance fall on hours that count for none"
        in play(holed, PLAYERS, ("BTC",), SPAN).notes
    )
    assert not [note for note in play(history(), PLAYERS, ("BTC",), SPAN).notes if "payments" in note]


def test_a_venue_without_hourly_prices_borrows_them_and_the_notes_say_that_no_basis_is_tested() -> None:
    played = play(history(), PLAYERS, ("BTC",), SPAN)
    assert at(played.market, 5, "pacifica").mid == at(played.market, 5).mid == D(105)
    assert played.coverage[0].prices_from == {"hyperliquid": "hyperliquid", "pacifica": "hyperliquid"}
    assert any("basis is zero" in note for note in played.notes)
    assert any("binance is played by pacifica" in note for note in played.notes)


def test_candles_of_eight_hours_serve_where_nothing_finer_is() -> None:
    told = history()
    told.lanes["hyperliquid", "BTC"].opens.clear()
    played = play(told, PLAYERS, ("BTC",), SPAN)
    assert at(played.market, 5).mid == D(90)
    assert played.coverage[0].prices_from["hyperliquid"] == "binance 8h"


def test_an_hour_one_venue_lacks_is_a_gap_for_all_and_is_counted() -> None:
    told = history()
    for hour in (4, 5):
        del told.lanes["hyperliquid", "BTC"].rates[T0 + hour * HOUR_NS]
    del told.lanes["binance", "BTC"].rates[T0 + 16 * HOUR_NS]
    played = play(told, PLAYERS, ("BTC",), SPAN)
    for hour, there in ((3, True), (4, False), (5, False), (6, True), (16, False), (23, False), (15, True)):
        for venue in ("hyperliquid", "pacifica"):
            assert (played.market.sample(venue, "BTC", T0 + hour * HOUR_NS) is not None) is there, (hour, venue)
    (told_of,) = played.coverage
    assert (told_of.hours, told_of.missing, told_of.longest_missing_h) == (14, 10, 8)


def test_an_asset_that_a_venue_lacks_is_left_out_by_name_and_none_left_is_refused() -> None:
    played = play(history(), PLAYERS, ("BTC", "SOL"), SPAN)
    assert played.market.assets == ("BTC",)
    assert played.notes[0] == "SOL left out: hyperliquid has no rate of it in the first 7 days"
    with pytest.raises(ValueError, match="SOL left out"):
        play(history(), PLAYERS, ("SOL",), SPAN)


def test_the_market_lasts_as_long_as_was_asked_whatever_the_recording_does() -> None:
    market = play(history(hours=12), PLAYERS, ("BTC",), SPAN).market
    assert market.end_ns == SPAN.to_ns
    assert market.sample("hyperliquid", "BTC", T0 + 13 * HOUR_NS) is None


def told_until(played: Played, span: Span, until_ns: int) -> list[MarketPoint | None]:
    """Everything the market says from its start to an instant, four times an hour."""
    market, step_ns = played.market, HOUR_NS // 4
    return [
        market.sample(origin.venue, each.asset, at_ns)
        for at_ns in range(market.start_ns, min(until_ns, span.to_ns), step_ns)
        for origin in market.provenance()
        for each in played.coverage
    ]


@pytest.mark.parametrize("cut_h", [8, 29, 33.25])
def test_nothing_that_is_told_depends_on_what_comes_later(tmp_path: Path, cut_h: float) -> None:
    span, cut_ns = Span(T0, T0 + 72 * HOUR_NS), T0 + int(cut_h * HOUR_NS)
    whole = play(read_history([write(tmp_path / "whole")], span), PLAYERS, ("BTC",), span)
    hours = int(cut_h) + 1
    cut = play(read_history([write(tmp_path / "cut", hours=hours)], span), PLAYERS, ("BTC",), span)
    assert told_until(whole, span, cut_ns) == told_until(cut, span, cut_ns)
    assert told_until(whole, span, span.to_ns) != told_until(cut, span, span.to_ns)


def test_nothing_that_the_real_recordings_tell_depends_on_what_comes_later() -> None:
    begin_ns = 1_686_528_000 * 1_000_000_000
    span = Span(begin_ns, begin_ns + 21 * 24 * HOUR_NS)
    players = (Player("drift", "drift"), Player("binance", "pacifica"))
    told = read_history([data_root() / "drift", data_root() / "reference_cex"], span)
    cut_ns = begin_ns + 9 * 24 * HOUR_NS + 12345 * 1_000_000_000
    whole = told_until(play(told, players, ("BTC", "ETH"), span), span, cut_ns)
    for lane in told.lanes.values():
        for hours in (lane.rates, lane.opens, lane.coarse):
            for late_ns in [at_ns for at_ns in hours if at_ns > cut_ns]:
                del hours[late_ns]
    assert told_until(play(told, players, ("BTC", "ETH"), span), span, cut_ns) == whole
