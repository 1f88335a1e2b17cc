"""The tables of an export: their columns, in order, and what kind of value stands in each.

Filled by `gathering`; written by `csv_files` and `parquet_files`. Times are UTC: `time` is ISO 8601 with microseconds,
`time_ns` the exact nanoseconds. Money is in USD, sizes in base units, signed ones positive when long.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

Value = str | int | bool | Decimal | None
Type = Literal["text", "whole", "decimal", "truth"]


class Table(msgspec.Struct, frozen=True):
    """One table: the name of its file and its columns with their types."""

    name: str
    columns: tuple[tuple[str, Type], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(name for name, _ in self.columns)


FILLS = Table(
    "fills",
    (
        *(("time", "text"), ("time_ns", "whole"), ("told_ns", "whole"), ("seq", "whole")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("kind", "text"), ("side", "text")),
        *(("size", "decimal"), ("price", "decimal"), ("notional_usd", "decimal")),
        *(("fee_usd", "decimal"), ("fee_currency", "text"), ("liquidity", "text")),
        *(("order_id", "text"), ("venue_order_id", "text"), ("fill_id", "text")),
        *(("pair", "text"), ("purpose", "text"), ("row", "text")),
        *(("position_change", "decimal"), ("position_after", "decimal")),
        *(("realised_pnl_usd", "decimal"), ("estimated", "truth")),
    ),
)
"""Every change of a leg. `realised_pnl_usd` is by average cost at fill prices, before fees."""

FUNDING = Table(
    "funding",
    (
        *(("time", "text"), ("time_ns", "whole"), ("seq", "whole")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("pair", "text")),
        *(("amount_usd", "decimal"), ("currency", "text"), ("rate_per_hour", "decimal"), ("size", "decimal")),
        *(("kind", "text"), ("payment_id", "text")),
    ),
)
"""Funding as the venues paid it, positive when received; a haircut's part of it is given back and stands as haircut."""

FEES = Table(
    "fees",
    (
        *(("time", "text"), ("time_ns", "whole"), ("seq", "whole")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("pair", "text")),
        *(("fee_usd", "decimal"), ("currency", "text"), ("liquidity", "text"), ("tier", "decimal")),
        *(("notional_usd", "decimal"), ("purpose", "text"), ("order_id", "text"), ("fill_id", "text")),
    ),
)
"""Fees, positive when paid. `tier` is what the venue listed at that time, a fraction of notional."""

POSITIONS = Table(
    "positions",
    (
        *(("time", "text"), ("time_ns", "whole"), ("at", "text")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("pair", "text"), ("state", "text")),
        *(("size", "decimal"), ("average_price", "decimal"), ("mark", "decimal"), ("mark_age_s", "decimal")),
        *(("notional_usd", "decimal"), ("unrealised_pnl_usd", "decimal")),
    ),
)
"""Open legs at each UTC midnight (as the books stood before the first record after it) and at the end.

`mark` is the venue's last word before that moment, else the middle of its book, and `mark_age_s` how many seconds old
it was then: legs of one pair may be valued by prices of different times. Both are empty where no price was told.
"""

ORDERS = Table(
    "orders",
    (
        *(("time", "text"), ("time_ns", "whole"), ("seq", "whole")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("pair", "text"), ("side", "text")),
        *(("size", "decimal"), ("limit_price", "decimal"), ("time_in_force", "text"), ("reduce_only", "truth")),
        *(("purpose", "text"), ("row", "text"), ("decision_mid", "decimal"), ("order_id", "text")),
        *(("venue_order_id", "text"), ("outcome", "text"), ("filled", "decimal")),
        *(("average_fill_price", "decimal"), ("fee_usd", "decimal")),
    ),
)
"""Every order that was decided and left; `outcome` is the last that the journal knows of it."""

LEDGER = Table(
    "ledger",
    (
        *(("time", "text"), ("time_ns", "whole"), ("seq", "whole")),
        *(("venue", "text"), ("symbol", "text"), ("asset", "text"), ("pair", "text"), ("kind", "text")),
        *(("amount_usd", "decimal"), ("estimated_usd", "decimal"), ("moved_usd", "decimal")),
        *(("size", "decimal"), ("price", "decimal"), ("rate_per_hour", "decimal"), ("liquidity", "text")),
        *(("tier", "decimal"), ("purpose", "text"), ("order_id", "text"), ("reference", "text")),
    ),
)
"""Every entry by cause, positive when gained (`engine.ledger.entry` says what each kind is). `pair` is empty for what
no pair of the run holds; `purpose` is the order's, or says whose the money is not; gas is assumed, and says so."""

TABLES = (FILLS, FUNDING, FEES, POSITIONS, ORDERS, LEDGER)
