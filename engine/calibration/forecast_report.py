"""`perp2perp calibrate-forecast`: what funding forecasts are worth, as a page (`FORECAST.md` beside this) or data.

`forecast_recorded` reads, `forecast_replay` asks the models, `forecast_scores` counts, `forecast_words` has the words.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from engine.calibration import forecast_words
from engine.calibration.forecast_models import NAMES, SMOOTHED, TWO_SPEEDS
from engine.calibration.forecast_recorded import Funding
from engine.calibration.forecast_replay import HORIZONS_H, WINDOWS
from engine.calibration.forecast_scores import CAUTIOUS, Findings, Money, Score, findings, standing
from engine.printed import print_page

POOLED = "all coins"


def run(data: Path, out: Path | None, json: bool) -> int:
    """The command: print the page or the data, or write the page. Raises FileNotFoundError naming an absent file."""
    found = findings(Funding(data).pairs(), progress=_told)
    print_page(found, lambda: markdown(found), out=out, json=json)
    return 0


def _told(label: str) -> None:
    print(f"replaying {label}", file=sys.stderr, flush=True)


def markdown(found: Findings) -> str:
    """The page: what was done, all pairs together, money, every pair, and what it says."""
    sections = (
        forecast_words.HEAD,
        "\n".join(_together(found)),
        forecast_words.MONEY,
        "\n".join(_money(found)),
        forecast_words.READING,
        forecast_words.DETAIL,
        "\n".join(_every_pair(found)),
    )
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


def _together(found: Findings) -> Iterator[str]:
    yield "| window | horizon | model | rms error | mean error | better | within 1 | within 2 |"
    yield "|---|---|---|---|---|---|---|---|"
    for which in WINDOWS:
        for horizon in HORIZONS_H:
            for name in NAMES:
                each = standing(found, name, which, horizon)
                if each is not None:
                    better = "" if name == SMOOTHED else f"{each.better} of {each.pairs}"
                    cells = (which, f"{horizon} h", name, f"{each.rmse_ratio:.3f}", f"{each.mae_ratio:.3f}", better)
                    yield f"| {' | '.join(cells)} | {each.within_one:.0%} | {each.within_two:.0%} |"


def _money(found: Findings) -> Iterator[str]:
    yield f"| model | {' | '.join(f'{which}: net bps | round trips' for which in WINDOWS)} |"
    yield f"|---|{'---|---|' * len(WINDOWS)}"
    for name in (*NAMES, CAUTIOUS):
        cells = []
        for which in WINDOWS:
            rows = _earned(found, name, which)
            cells += [f"{sum(each.net_bps for each in rows):.0f}", str(sum(each.round_trips for each in rows))]
        yield f"| {name} | {' | '.join(cells)} |"


def _earned(found: Findings, name: str, which: str) -> list[Money]:
    return [
        each for each in found.money if (each.model, each.window) == (name, which) and not each.label.endswith(POOLED)
    ]


def _every_pair(found: Findings) -> Iterator[str]:
    """A row for each pair, window and horizon that was judged; what was tuned on is left to --json."""
    yield f"| pair | window | horizon | count | {' | '.join(NAMES)} | within 1 | within 2 |"
    yield f"|---|---|---|---|{'---|' * len(NAMES)}---|---|"
    by_row: dict[tuple[str, str, int], dict[str, Score]] = {}
    for each in found.scores:
        if each.window == WINDOWS[0]:
            continue
        by_row.setdefault((each.label, each.window, each.horizon_h), {})[each.model] = each
    for (label, which, horizon), models in by_row.items():
        yield row(label, which, horizon, models)


def row(label: str, which: str, horizon: int, models: dict[str, Score]) -> str:
    """One line of the table of every pair; a model that was not judged has an empty cell."""
    today, own = models[SMOOTHED], models[TWO_SPEEDS]
    cells = [_cell(models[name], today) if name in models else "" for name in NAMES]
    head = (label, which, f"{horizon} h", str(own.count))
    return f"| {' | '.join((*head, *cells))} | {own.within_one:.0%} | {own.within_two:.0%} |"


def _cell(each: Score, today: Score) -> str:
    if each.model == SMOOTHED:
        return f"{each.rmse_bps:.1f}"
    return f"{each.rmse_bps:.1f} ({1 - each.rmse_bps / today.rmse_bps:+.0%})"
