from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich.console import Console

from actors.domain import ZERO, Venue
from engine.flatten.report import COLUMNS, PLAN, Outcome, Row, markdown, plan, table, verdict
from engine.simulators.levers import instrument_of
from tests.engine.flatten.theatre import ASSET, DRIFT, PACIFICA, Theatre, play

HL, LIGHTER = Venue.HYPERLIQUID, Venue.LIGHTER


def row(**changes: Any) -> Row:
    told: dict[str, Any] = {
        "venue": HL,
        "asset": "ETH",
        "before": Decimal("-1.50"),
        "after": ZERO,
        "attempts": 2,
        "average_price": Decimal("3000.123456"),
        "fee_usd": Decimal("1.23456"),
        "by_hand": "",
    }
    return Row(**{**told, **changes})


def shown(outcome: Outcome) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(table(outcome))
    return caught.get()


def test_the_table_has_a_line_a_market_that_held_something_and_none_for_flat_ones() -> None:
    flat = row(asset="SOL", before=ZERO, attempts=0, average_price=None, fee_usd=ZERO)
    text = shown(Outcome(rows=(row(), flat), troubles={}, all_flat=True))
    assert all(title in text for title in COLUMNS)
    for word in ("hyperliquid", "ETH", "short 1.5", "flat", "2", "3000.1235", "1.2346"):
        assert word in text
    assert "SOL" not in text


def test_a_venue_that_was_not_seen_to_the_end_stands_first_with_what_to_do() -> None:
    unknown = row(venue=LIGHTER, before=None, after=None, attempts=0, by_hand="look at the venue: gone")
    outcome = Outcome(rows=(unknown,), troubles={LIGHTER: "no answer"}, all_flat=False)
    text = shown(outcome)
    assert "look at the venue: no answer" in text
    assert verdict(outcome) == "NOT all flat: lighter was not seen to the end; left: lighter:ETH"


def test_the_verdict_counts_what_was_asked_for() -> None:
    assert verdict(Outcome(rows=(row(), row()), troubles={}, all_flat=True)).startswith("all flat: 2 markets")


def planned(outcome: Outcome) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(plan(outcome))
    return caught.get()


def test_a_dry_run_is_a_table_of_orders_and_no_failure_because_something_is_held() -> None:
    held = row(after=Decimal("-1.50"), attempts=0, average_price=None, by_hand="reduce-only IOC")
    flat = row(asset="SOL", before=ZERO, attempts=0, average_price=None)
    outcome = Outcome(rows=(held, flat), troubles={}, all_flat=False, looks=True)
    text = planned(outcome)
    assert all(title in text for title in PLAN)
    (line,) = (line for line in text.splitlines() if "ETH" in line)
    assert line.split() == ["hyperliquid", "ETH", "buy", "1.5", "reduce-only", "IOC"]
    assert "SOL" not in text
    told = "dry run, nothing was sent: would close 1 position, and cancel our orders in 2 markets"
    assert (verdict(outcome), outcome.done) == (told, True)


def test_a_dry_run_that_could_not_read_a_venue_is_not_done_and_says_which() -> None:
    unknown = row(venue=LIGHTER, before=None, after=None, attempts=0)
    outcome = Outcome(rows=(unknown,), troubles={LIGHTER: "no answer"}, all_flat=False, looks=True)
    assert "not known: no answer" in planned(outcome)
    assert verdict(outcome).endswith("could NOT read lighter")
    assert not outcome.done


def test_the_page_names_orders_in_doubt_and_keeps_its_columns() -> None:
    doubtful = row(unresolved=("abc",), by_hand="buy 1 ETH | now")
    page = markdown(Outcome(rows=(doubtful,), troubles={}, all_flat=False), ("an engine ran",))
    assert page.startswith("# NOT all flat")
    assert "- hyperliquid ETH: order abc" in page
    assert "- an engine ran" in page
    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}


def test_profit_that_a_venue_keeps_until_it_is_asked_for_is_left_to_a_person() -> None:
    async def main() -> None:
        theatre = Theatre((DRIFT, PACIFICA))
        theatre.hold({(DRIFT, ASSET): "2", (PACIFICA, ASSET): "2"})
        outcome, _ = await theatre.flatten()
        assert outcome.all_flat
        assert ["settle" in each.by_hand for each in outcome.rows] == [True, False]

    play(main)


def test_a_row_has_the_size_weighted_price_and_all_fees_of_its_fills() -> None:
    async def main() -> None:
        theatre = Theatre((PACIFICA,))
        theatre.hold({(PACIFICA, ASSET): "40"})
        outcome, (work,) = await theatre.flatten()
        (found,) = outcome.rows
        fills = work.markets[ASSET].fills.values()
        assert len(fills) > 1
        worth = sum((fill.price * fill.size for fill in fills), ZERO)
        assert found.average_price == worth / 40
        assert found.fee_usd == sum((fill.fee_usd for fill in fills), ZERO) > 0
        assert instrument_of(theatre.exchange(PACIFICA), ASSET) == ASSET

    play(main)
