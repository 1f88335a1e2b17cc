from __future__ import annotations

import pytest

from engine.exports.tables import TABLES, Table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_have_names_of_their_own_and_begin_with_the_time(table: Table) -> None:
    assert len({*table.names}) == len(table.names)
    assert table.names[:2] == ("time", "time_ns")
    for needed in ("venue", "symbol", "asset", "pair"):
        assert needed in table.names


def test_fills_have_what_taxes_and_analysis_ask_for() -> None:
    (fills,) = (table for table in TABLES if table.name == "fills")
    needed = (
        *("side", "size", "price", "notional_usd", "fee_usd", "fee_currency", "liquidity", "order_id"),
        *("venue_order_id", "fill_id", "purpose", "row", "realised_pnl_usd"),
    )
    assert [name for name in needed if name not in fills.names] == []
