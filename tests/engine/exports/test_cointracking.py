from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from actors.messages import FundingPaid
from engine.exports.cointracking import COLUMNS, LOSS, MARGIN_FEE, OTHER_FEE, PROFIT, movements, row, write
from tests.engine.ledger.runs import Booked, hedged
from tests.engine.recorded import PAIR, START_NS, TAKER

D = Decimal


def played() -> Booked:
    """Half a BTC short at 59,990; 0.2 of it bought back by ADL at 60,100; funding, a fee, other people's loss."""
    run = hedged()
    run.paid("2.5")
    run.paid("-0.75", "p2")
    run.socialised("1.25")
    run.deleveraged("60100", "0.2")
    return run


def rows(run: Booked) -> list[dict[str, str]]:
    found = movements(tuple(run.fills), tuple(run.entries))
    return [dict(zip(COLUMNS, row(movement), strict=True)) for movement in found]


def test_realised_losses_fees_and_funding_have_their_types_and_sides() -> None:
    told = [(each["Type"], each["Buy Amount"], each["Sell Amount"], each["Trade-Group"]) for each in rows(played())]
    assert told == [
        (LOSS, "", "22", "BTC-1"),
        (MARGIN_FEE, "", "1", "Fees"),
        (MARGIN_FEE, "", "0.4", "Fees"),
        (PROFIT, "2.5", "", "Funding"),
        (LOSS, "", "0.75", "Funding"),
        (LOSS, "", "1.25", "Funding"),
        (PROFIT, "1.25", "", "Funding"),
        (OTHER_FEE, "", "1.25", "Socialised loss"),
        (MARGIN_FEE, "", "0.5", "Fees"),
    ]


def test_every_row_names_one_currency_beside_its_one_amount() -> None:
    for each in rows(played()):
        assert bool(each["Buy Amount"]) == bool(each["Buy Currency"]) != bool(each["Sell Amount"])
        assert bool(each["Sell Amount"]) == bool(each["Sell Currency"])
        assert {each["Buy Currency"], each["Sell Currency"]} == {"", "USDC"}
        assert each["Exchange"] == each["Exchange"].capitalize() != ""


def test_ids_are_unique_so_that_importing_twice_can_be_noticed() -> None:
    ids = [each["Tx-ID (optional)"] for each in rows(played())]
    assert len({*ids}) == len(ids)


def test_money_that_was_nobody_s_and_became_a_pair_s_stands_in_rows_of_different_ids() -> None:
    run = hedged()
    payment = FundingPaid(
        venue=TAKER,
        asset="BTC",
        payment_id="p9",
        amount_usd=D(-3),
        rate_per_hour=D("0.0001"),
        size=D(1),
        venue_at_ns=START_NS,
    )
    run.tell("risk", payment)
    run.quote(TAKER, "60000")
    run.tell(PAIR, payment)
    told = [each for each in rows(run) if each["Trade-Group"] == "Funding"]
    assert [(each["Buy Amount"], each["Sell Amount"]) for each in told] == [("", "3"), ("", "3"), ("3", "")]
    assert len({each["Tx-ID (optional)"] for each in told}) == 3
    assert told[0]["Comment"].endswith("held by no pair")


def test_money_in_the_files_is_all_that_was_realised(tmp_path: Path) -> None:
    """22 lost, 1.75 of funding and 1.25 of a haircut, 1.90 of fees."""
    written = write(tmp_path, tuple((run := played()).fills), tuple(run.entries))
    assert [path.name for path in written] == ["cointracking_hyperliquid.csv", "cointracking_pacifica.csv"]
    total = D(0)
    for path, count in written.items():
        with path.open(newline="") as file:
            found = [*csv.DictReader(file)]
        assert len(found) == count
        assert [*found[0]] == [*COLUMNS]
        assert [each["Date"] for each in found] == sorted(each["Date"] for each in found)
        total += sum(D(each["Buy Amount"] or 0) - D(each["Sell Amount"] or 0) for each in found)
    assert total == D("-22") + D("1.75") - D("1.25") - D("1.9")
