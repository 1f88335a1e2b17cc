from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyarrow import parquet

from actors.domain import NS_PER_S
from actors.messages import MarketSampled, OrderAccepted
from engine.core import BOARD
from engine.exports.command import write_all
from engine.exports.gathering import Gathered, gather, iso
from engine.exports.tables import TABLES
from engine.ledger.entry import DAY_NS
from engine.ledger.totals import Totals
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import MAKER, PAIR, START_NS, TAKER, record

D = Decimal


def gathered(directory: Path, run: Booked, reason: str | None = "done") -> Gathered:
    record(directory, run.decisions, reason=reason)
    return gather(directory)


def table(found: Gathered, name: str) -> list[dict[str, Any]]:
    """The rows of one table by column."""
    (told,) = (each for each in TABLES if each.name == name)
    return [dict(zip(told.names, row, strict=True)) for row in found.rows[name]]


def test_every_row_has_a_value_for_each_column(tmp_path: Path) -> None:
    run = hedged()
    run.paid("2.5")
    run.deleveraged("60100", "0.2")
    found = gathered(tmp_path, run)
    for each in TABLES:
        assert found.rows[each.name], each.name
        assert {len(row) for row in found.rows[each.name]} == {len(each.columns)}


def test_fills_hold_ids_of_both_sides_and_the_row_that_sent_the_order(tmp_path: Path) -> None:
    run = hedged()
    order = run.fills[0].order_id
    run.tell(PAIR, OrderAccepted(venue=TAKER, order_id=order, venue_order_id="4711"))
    first = table(gathered(tmp_path, run), "fills")[0]
    assert (first["venue_order_id"], first["order_id"], first["row"], first["purpose"]) == (
        "4711",
        order,
        "E1",
        "taker",
    )
    assert (first["notional_usd"], first["position_change"]) == (59_990 * D("0.5"), D("-0.5"))
    assert first["pair"] == "BTC-1"


def test_what_the_ledger_holds_is_what_the_files_add_up_to(tmp_path: Path) -> None:
    run = hedged()
    run.paid("2.5")
    run.socialised("1.25")
    run.deleveraged("60100", "0.5")
    found = gathered(tmp_path, run)
    whole = Totals(found.entries).whole()
    assert sum(row["amount_usd"] for row in table(found, "ledger")) == whole.net_usd
    assert sum(row["fee_usd"] for row in table(found, "fees")) == D("1.9")
    funding = table(found, "funding")
    assert sum(row["amount_usd"] for row in funding if row["kind"] == "funding") == D("2.5")
    assert sum(row["amount_usd"] for row in funding if row["kind"] == "haircut") == D("-1.25")


def test_positions_stand_at_each_midnight_and_at_the_end(tmp_path: Path) -> None:
    run = hedged()
    run.tell(PAIR, run.decisions[-1].envelope.message, after_ms=2 * DAY_NS // 1_000_000)
    rows = table(gathered(tmp_path, run), "positions")
    day = START_NS // DAY_NS
    assert [(row["at"], row["venue"], row["size"]) for row in rows] == [
        ("midnight", "hyperliquid", D("-0.5")),
        ("midnight", "pacifica", D("0.5")),
        ("midnight", "hyperliquid", D("-0.5")),
        ("midnight", "pacifica", D("0.5")),
        ("end", "hyperliquid", D("-0.5")),
        ("end", "pacifica", D("0.5")),
    ]
    assert [row["time_ns"] for row in rows[::2]] == [(day + 1) * DAY_NS, (day + 2) * DAY_NS, run.at_ns]
    assert rows[0]["average_price"] == 59_990
    assert rows[0]["unrealised_pnl_usd"] == (59_990 - D("60000.5")) / 2


def test_a_position_says_how_old_the_mark_is_that_values_it_in_either_form(tmp_path: Path) -> None:
    """One leg by its mark, the other by its book, each since its own time."""
    run = hedged()
    midnight_ns = (START_NS // DAY_NS + 1) * DAY_NS
    run.at_ns = midnight_ns - 299_500_000_000
    mark = MarketSampled(
        venue=TAKER, asset="BTC", mark=D(60_100), oracle=D(60_100), open_interest=D(9), venue_at_ns=run.at_ns
    )
    run.tell(BOARD, mark, after_ms=0)
    run.at_ns = midnight_ns - 219 * NS_PER_S
    run.quote(MAKER, "60200")
    run.at_ns = midnight_ns - 10_000_000
    run.tell(PAIR, run.decisions[-1].envelope.message, after_ms=1_010)
    found = gathered(tmp_path / "run", run)
    rows = table(found, "positions")
    ages = [(row["at"], row["mark"], row["mark_age_s"]) for row in rows]
    assert ages == [
        ("midnight", D(60_100), D("299.5")),
        ("midnight", D("60200.5"), D("218.99")),
        ("end", D(60_100), D("300.5")),
        ("end", D("60200.5"), D("219.99")),
    ]
    write_all(found, tmp_path / "out", "both")
    with (tmp_path / "out" / "positions.csv").open(encoding="utf-8") as file:
        assert [D(row["mark_age_s"]) for row in csv.DictReader(file)] == [age for _, _, age in ages]
    read = parquet.read_table(tmp_path / "out" / "positions.parquet")
    assert read.column("mark_age_s").to_pylist() == [age for _, _, age in ages]


def test_a_midnight_s_positions_are_those_before_the_first_word_of_the_day(tmp_path: Path) -> None:
    run = hedged()
    run.at_ns += DAY_NS
    run.deleveraged("60300", "0.2")
    rows = table(gathered(tmp_path, run), "positions")
    assert [(row["at"], row["size"]) for row in rows if row["venue"] == "hyperliquid"] == [
        ("midnight", D("-0.5")),
        ("end", D("-0.3")),
    ]


def test_an_order_has_the_last_outcome_that_is_known(tmp_path: Path) -> None:
    run = hedged()
    first, second = table(gathered(tmp_path, run), "orders")
    assert (first["outcome"], first["filled"], first["average_fill_price"]) == ("filled", D("0.5"), 59_990)
    assert (first["reduce_only"], first["time_in_force"], second["purpose"]) == (False, "ioc", "maker")


def test_a_claim_that_is_never_told_stands_as_an_estimate(tmp_path: Path) -> None:
    run = Booked()
    run.open_venues()
    run.claimed(run.ask())
    (claimed,) = table(gathered(tmp_path, run), "fills")
    assert (claimed["kind"], claimed["estimated"], claimed["price"]) == ("claimed", True, D("60000.5"))


def test_a_cut_off_run_is_gathered_to_its_last_good_record_and_says_so(tmp_path: Path) -> None:
    run = hedged()
    found = gathered(tmp_path, run, None)
    assert found.last_seq == len(run.decisions)
    assert "no end" in found.notes[0]


def test_times_are_utc_with_microseconds() -> None:
    assert iso(START_NS + 1_234_567) == "2023-11-14T22:13:20.001234Z"
