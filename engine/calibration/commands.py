"""`perp2perp calibrate` and `perp2perp calibrate-adl`. Heavy imports happen inside the commands, as in `engine.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.printed import print_page

JsonFlag = Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")]


def calibrate(
    *,
    data: Annotated[Path, Parameter(help="The directory with the recordings named above.")],
    out: Annotated[Path | None, Parameter(help="Write the page here instead of standard output.")] = None,
    json: JsonFlag = False,
) -> int:
    """Measure how each funding field is read against what was really settled; say which fields are calibrated.

    The directory holds recordings under these names (gzipped; the columns that are read, others may follow); they
    are not part of the project:

    - `hyperliquid/funding_settled_1h.csv.gz`: `hour_utc`, `symbol`, `rate`, `premium`, `interval_h`; every settled
      rate, from the venue's public `fundingHistory`.
    - `multi_venue/hl_lighter_aster_funding_snapshots_2025-12-22_2026-01-05.csv.gz`: `hour_utc`, `venue`, `symbol`,
      `rate_per_hour`, `sampled_utc`; one poll an hour of each venue's public funding endpoint.
    - `multi_venue/seven_venues_funding_price_oi_1h_2026-01-02_04_06.csv.gz`: `hour_utc`, `venue`, `symbol`,
      `rate_per_hour`, `rate_raw_min`, `rate_raw_max`; the hour's mean, least and most of such polls.
    - `lighter/ws_market_stats_raw.jsonl.gz`: the frames of Lighter's public stream `market_stats/all`, one a line.
    - `drift/funding_ohlc_1h_2022-12_2024-03.csv.gz`: `hour_utc`, `symbol`, `rate_1h`; Drift's hourly rates, from
      its public archive.
    - `reference_cex/binance_5sym_8h_2022-12_2024-03.csv.gz`: `time_utc`, `symbol`, `rate`; Binance's, every 8 hours.

    Rates are signed fractions of notional, positive when longs pay. A recorder of your own that writes these columns
    serves as well; what was found in the ones that were used stands in `engine/venues/FUNDING.md`.
    """
    from engine.calibration import report as calibration

    found = calibration.calibrate(data)
    print_page(found, lambda: calibration.markdown(found), out=out, json=json)
    return 0


def calibrate_adl(
    *,
    data: Annotated[Path, Parameter(help="The directory of recorded market data.")],
    out: Annotated[Path | None, Parameter(help="Write the page here instead of standard output.")] = None,
    json: JsonFlag = False,
) -> int:
    """Replay the deleveraging of 2025-10-10 through the ADL estimate; say when it warned, and how often in vain."""
    from engine.calibration import adl_report

    found = adl_report.calibrate(data)
    print_page(found, lambda: adl_report.markdown(found), out=out, json=json)
    return 0
