from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.ledger.figures import exact, forecast_data, ledger_data
from engine.ledger.totals import Totals
from tests.engine.ledger.runs import EXPECTATION, hedged
from tests.engine.ledger.test_explained import closed
from tests.engine.recorded import PAIR


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.50", "1.5"), ("-0", "0"), ("0E-15", "0"), ("1E+3", "1000"), ("-0.000000001", "-0.000000001"), ("10", "10")],
)
def test_figures_are_told_in_full_without_exponents_and_idle_zeros(value: str, text: str) -> None:
    assert exact(Decimal(value)) == text


def test_the_ledger_is_data_for_json_and_its_cuts_add_up_exactly() -> None:
    run = hedged()
    run.paid("2.123456789012345678")
    data = ledger_data(Totals(run.entries))
    assert msgspec.json.decode(msgspec.json.encode(data)) == data
    assert data["all"]["funding_usd"] == "2.123456789012345678"
    for by in ("pair", "venue", "asset", "day"):
        assert sum(Decimal(line["net_usd"]) for line in data[by]) == Decimal(data["all"]["net_usd"])


def test_only_the_cut_asked_for_is_told_beside_the_whole() -> None:
    assert [*ledger_data(Totals(hedged().entries), "venue")] == ["all", "venue"]


def test_a_pair_is_forecast_data_once_it_has_closed() -> None:
    run = hedged(EXPECTATION)
    assert forecast_data(run.ledger) == []
    run.ledger.shadow.pairs[PAIR] = closed(run)
    (data,) = forecast_data(run.ledger)
    assert (data["pair"], data["expectation"], data["expected_usd"]) == (PAIR, "recorded", 23.25)
    assert msgspec.json.decode(msgspec.json.encode(data)) == data
