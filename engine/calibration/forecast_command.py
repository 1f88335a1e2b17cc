"""What `perp2perp calibrate-forecast` takes on the command line, and its help. Counterpart: `forecast_report`, imported
when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def calibrate_forecast(
    *,
    data: Annotated[Path, Parameter(help="The directory of recorded market data.")],
    out: Annotated[Path | None, Parameter(help="Write the page here instead of standard output.")] = None,
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")] = False,
) -> int:
    """Replay recorded funding through the forecast and its rivals; say how wrong each was, and whether it knew.

    Every model is fed hour by hour with what was known then, and judged on what was paid over the next 24, 72 and 168
    hours, and on what a plain rule would have earned after fees. The tables keep apart what was tuned on, tested on and
    held out. It takes about a minute; progress goes to standard error.

    The directory holds recordings under these names (gzipped; the columns that are read, others may follow):

    - `hyperliquid/funding_settled_1h.csv.gz`: `hour_utc`, `symbol`, `rate_per_hour`, `interval_h`.
    - `drift/funding_ohlc_1h_2022-12_2024-03.csv.gz`: `hour_utc`, `symbol`, `rate_1h`.
    - `reference_cex/dydxv3_1h_binance_bybit_8h_2022-12_2023-12.csv.gz`, `binance_5sym_8h_2022-12_2024-03.csv.gz` and
      `binance_bybit_okx_btc_8h_2023-01_2026-06.csv.gz` there: `time_utc`, `venue`, `symbol`, `rate`, `interval_h`.
    - `multi_venue/hl_lighter_aster_funding_snapshots_2025-12-22_2026-01-05.csv.gz`: `hour_utc`, `venue`, `symbol`,
      `rate_per_hour`.

    Rates are signed fractions of notional, positive when longs pay. What was found stands in
    `engine/calibration/FORECAST.md`.
    """
    from engine.calibration import forecast_report

    return forecast_report.run(data, out, json)
