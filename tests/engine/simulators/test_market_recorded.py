import gzip
from pathlib import Path

import pytest

from engine.simulators.exchange import RateSource
from engine.simulators.market import Gap, MarketFileError, MarketPoint, RecordedMarket, open_market
from engine.simulators.market.table import HOUR_NS
from tests.engine.simulators.exchange_builders import T0, D, exchange
from tests.shared import data_root

HOURS_HEADER = "hour_utc,venue,symbol,symbol_norm,rate_per_hour,mark_avg,index_avg,open_interest_usd"
HOURS = f"""{HOURS_HEADER}
2026-01-01T00:00:00Z,hyperliquid,kX,X,0.00001,100,99,5000
2026-01-01T01:00:00Z,hyperliquid,kX,X,0.00002,110,110,5000
2026-01-01T04:00:00Z,hyperliquid,kX,X,0.00003,120,120,5000
2026-01-01T00:00:00Z,pacifica,X,X,0.00004,101,101,600
2026-01-01T01:00:00Z,pacifica,X,X,0.00005,111,111,600
2026-01-01T00:00:00Z,hyperliquid,ONLY,ONLY,0.00001,1,1,1
2026-01-01T00:00:00Z,lighter,X,X,0.00009,100,100,1
"""
SETTLED = """hour_utc,ts_ms,symbol,rate,interval_h,rate_per_hour,premium,source
2025-12-31T16:00:00Z,1,X,0.0008,8,0.0001,0.0,a
2026-01-01T00:00:00Z,1,X,0.00001,1,0.00001,0.0,a
2026-01-01T01:00:00Z,1,X,0.00002,1,0.00002,0.01,a
2026-01-01T03:00:00Z,1,X,0.00003,1,0.00003,0.0,a
2026-01-01T00:00:00Z,1,NOCANDLE,0.00001,1,0.00001,0.0,a
"""
CANDLES = """open_utc,symbol,open,high,low,close
2026-01-01T00:00:00Z,X,100,120,90,110
2026-01-01T01:00:00Z,X,110,120,90,108
2026-01-01T02:00:00Z,X,108,120,90,109
2026-01-01T00:00:00Z,NORATE,1,1,1,1
"""


def saved(folder: Path, text: str, name: str = "hours.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def at(market: RecordedMarket, hours: float, venue: str = "hyperliquid") -> MarketPoint | None:
    return market.sample(venue, "X", T0 + int(hours * HOUR_NS))


def known(point: MarketPoint | None) -> MarketPoint:
    assert point is not None
    return point


def test_hours_of_several_venues_give_prices_and_rates_of_each(tmp_path: Path) -> None:
    market = open_market(saved(tmp_path, HOURS))
    assert market.assets == ("X",)
    assert (market.start_ns, market.end_ns) == (T0, T0 + 5 * HOUR_NS)
    here, there = known(at(market, 0.5)), known(at(market, 0.5, "pacifica"))
    assert (here.mid, there.mid) == (D(100), D(101))
    assert (here.oracle, here.premium) == (D(99), D("0.010101"))
    assert (here.open_interest, here.forming_rate, there.settled_rate) == (D(50), D("0.00001"), D("0.00004"))


def test_a_price_is_straight_between_hour_means_and_flat_at_the_edges_of_a_gap(tmp_path: Path) -> None:
    market = open_market(saved(tmp_path, HOURS))
    assert [known(at(market, h)).mid for h in (0, 0.25, 0.75, 1, 1.25, 1.75)] == [
        D(100), D(100), D("102.5"), D(105), D("107.5"), D(110)
    ]  # fmt: skip


def test_hyperliquids_hour_is_settled_at_its_end_and_pacificas_at_its_start(tmp_path: Path) -> None:
    market = open_market(saved(tmp_path, HOURS))
    assert known(at(market, 0)).settled_rate is None
    assert known(at(market, 1)).settled_rate == D("0.00001")
    assert known(at(market, 1, "pacifica")).settled_rate == D("0.00005")


def test_a_gap_is_none_and_is_listed(tmp_path: Path) -> None:
    market = open_market(saved(tmp_path, HOURS))
    assert at(market, 2) is None
    assert at(market, 4) is not None
    assert at(market, 5) is None

    def gap(venue: str, start: int, end: int, what: str) -> Gap:
        return Gap(venue=venue, asset="X", from_ns=T0 + start * HOUR_NS, to_ns=T0 + end * HOUR_NS, what=what)

    assert market.gaps() == (
        gap("hyperliquid", 2, 4, "price"),
        gap("hyperliquid", 0, 1, "funding"),
        gap("hyperliquid", 4, 5, "funding"),
        gap("pacifica", 2, 5, "price"),
    )


def test_what_the_recording_does_not_know_is_refused(tmp_path: Path) -> None:
    market = open_market(saved(tmp_path, HOURS))
    for venue, asset, when in (("lighter", "X", T0), ("pacifica", "ONLY", T0), ("pacifica", "X", T0 - 1)):
        with pytest.raises(ValueError, match="no recording"):
            market.sample(venue, asset, when)


def test_settled_funding_goes_with_the_candles_beside_it(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "candles_1h.csv.gz", "wt") as file:
        file.write(CANDLES)
    market = open_market(saved(tmp_path, SETTLED, "funding.csv"))
    assert market.assets == ("X",)
    assert [known(at(market, h)).mid for h in (0, 0.5, 1, 1.5, 2.5)] == [D(100), D(105), D(110), D(109), D("108.5")]
    assert [known(at(market, h)).settled_rate for h in (0, 1, 2)] == [D("0.00001"), D("0.00002"), None]
    assert abs(known(at(market, 0)).premium - D("0.01")) < D("1e-9")
    assert [g.what for g in market.gaps()] == ["funding"]


def test_the_venue_that_was_not_recorded_borrows_prices_and_has_no_rates(tmp_path: Path) -> None:
    saved(tmp_path, CANDLES, "candles_1h.csv")
    market = open_market(saved(tmp_path, SETTLED, "funding.csv"))
    here, there = known(at(market, 0.5)), known(at(market, 0.5, "pacifica"))
    assert (there.mid, there.oracle, there.premium) == (here.mid, here.mid, D(0))
    assert (there.forming_rate, there.settled_rate) == (None, None)
    recorded, borrowed = market.provenance()
    assert recorded.rates_recorded
    assert not borrowed.rates_recorded
    assert "not recorded" in borrowed.prices


def test_an_exchange_on_a_borrowed_venue_pays_the_baseline(tmp_path: Path) -> None:
    saved(tmp_path, CANDLES.replace(",X,", ",SOL,"), "candles_1h.csv")
    market = open_market(saved(tmp_path, SETTLED.replace(",X,", ",SOL,"), "funding.csv"))
    venues = {name: exchange() for name in ("hyperliquid", "pacifica")}
    for name, venue in venues.items():
        for step in range(5):
            when = T0 + step * HOUR_NS // 4
            venue.set_point(when, known(market.sample(name, "SOL", when)))
            venue.settle_funding(when)
    rows = {name: venue.funding_settled_since("SOL", 0)[0] for name, venue in venues.items()}
    assert (rows["hyperliquid"].rate, rows["hyperliquid"].source) == (D("0.00002"), RateSource.RECORDED)
    assert (rows["pacifica"].rate, rows["pacifica"].source) == (D("0.0000125"), RateSource.COMPUTED)


FAULTS = [
    ("", 0, "", "empty"),
    (HOURS_HEADER + "\n", 1, "", "no data"),
    ("a,b\n1,2\n", 1, "", "unknown format"),
    (HOURS.replace("mark_avg", "mark"), 1, "mark_avg", "missing"),
    (HOURS.replace("0.00002,110", "0.00002,abc"), 3, "mark_avg", "not a number"),
    (HOURS.replace("0.00002,110", "0.00002,-1"), 3, "mark_avg", "not a price"),
    (HOURS.replace("0.00002,110", "nan,110"), 3, "rate_per_hour", "not a rate"),
    (HOURS.replace("0.00002,110", "x,110"), 3, "rate_per_hour", "not a rate"),
    (HOURS.replace("0.00002,110", "0.002%,110"), 3, "rate_per_hour", "not a rate"),
    (HOURS.replace("0.00002,110", ",110"), 3, "rate_per_hour", "empty"),
    (HOURS.replace("0.00002,110", "0.5,110"), 3, "rate_per_hour", "cap"),
    (HOURS.replace("0.00002,110", "0.00002"), 3, "", "cells"),
    (HOURS.replace("lighter,X", "nowhere,X"), 8, "venue", "unknown venue"),
    (HOURS.replace("2026-01-01T04:00:00Z", "2026-01-01T04:10:00Z"), 4, "hour_utc", "whole hour"),
    (HOURS.replace("2026-01-01T04:00:00Z", "yesterday"), 4, "hour_utc", "time"),
    (HOURS.replace("2026-01-01T04:00:00Z", "2026-01-01T01:00:00Z"), 4, "hour_utc", "before"),
    (
        HOURS.replace("pacifica", "lighter", 2).replace("lighter,X,X,0.00009", "aster,X,X,0.00009"),
        0,
        "venue",
        "pacifica",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"), FAULTS, ids=[f"{f[3]}-{i}" for i, f in enumerate(FAULTS)]
)
def test_a_malformed_file_is_refused_by_name_line_column_and_remedy(
    tmp_path: Path, text: str, line: int, column: str, problem: str
) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(MarketFileError) as refusal:
        open_market(path)
    error = refusal.value
    assert (error.path, error.line, error.column) == (path, line, column)
    assert problem in error.problem
    assert str(path) in str(error)
    assert error.remedy in str(error)


def test_no_symbol_on_every_wanted_venue_is_a_fault_of_the_file(tmp_path: Path) -> None:
    text = HOURS.replace("pacifica,X,X", "pacifica,Y,Y")
    with pytest.raises(MarketFileError, match="no symbol on all"):
        open_market(saved(tmp_path, text))


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"not gzip")
    for path in (broken, tmp_path / "absent.csv"):
        with pytest.raises(MarketFileError, match="cannot be read"):
            open_market(path)


def test_settled_funding_without_candles_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MarketFileError, match=r"candles_1h\.csv\.gz"):
        open_market(saved(tmp_path, SETTLED, "funding.csv"))
    saved(tmp_path, CANDLES.replace(",X,", ",Z,"), "candles_1h.csv")
    with pytest.raises(MarketFileError, match="no symbol has candles"):
        open_market(saved(tmp_path, SETTLED, "funding.csv"))


def test_the_recorded_venue_must_be_among_the_venues(tmp_path: Path) -> None:
    saved(tmp_path, CANDLES, "candles_1h.csv")
    with pytest.raises(ValueError, match="drift"):
        open_market(saved(tmp_path, SETTLED, "funding.csv"), recorded_venue="drift")


def test_the_real_recording_of_two_venues_opens() -> None:
    path = data_root() / "multi_venue" / "seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz"
    market = open_market(path)
    assert len(market.assets) == 42
    point = known(market.sample("pacifica", "BTC", market.start_ns + HOUR_NS))
    assert D(85_000) < point.mid < D(95_000)
    big = [g for g in market.gaps() if g.asset == "BTC" and g.what == "price" and g.to_ns - g.from_ns > 20 * HOUR_NS]
    assert [g.venue for g in big] == ["hyperliquid", "hyperliquid", "pacifica", "pacifica"]


def test_the_real_settled_funding_opens() -> None:
    market = open_market(data_root() / "hyperliquid" / "funding_settled_1h.csv.gz")
    assert market.assets == ("ARB", "BTC", "ETH", "INJ", "OP", "SOL", "WIF")
    point = known(market.sample("hyperliquid", "ARB", market.start_ns))
    assert point.settled_rate == D("0.0000149695")
