"""The findings as one HTML file that needs nothing else: tables, and plots as inline SVG. Counterpart: `words`."""

from __future__ import annotations

import html as escaping
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.backtest import words
from engine.backtest.plots import Curve, chart

Report = Mapping[str, Any]
CURVES_MOST = 8
CLOSED, TRAINED, TESTED = "closed because", "train net by set", "test net"
LONG = (CLOSED, TRAINED, TESTED)
TEXT = ("what", "asset", "venue", "pair", "short", "long", "entered", "window", "chosen")
"""Columns of words: long ones may break."""
STYLE = """
:root { color-scheme: light }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1240px; margin: 2em auto; padding: 0 1em }
html, body { color: #222; background: #fff }
table { border-collapse: collapse; font-size: 13px } .wide { overflow-x: auto; margin: 1em 0 }
th, td { padding: 3px 9px; text-align: right; vertical-align: top; white-space: nowrap }
th { border-bottom: 1px solid #888 } th.text, td.text { text-align: left }
td.long { white-space: normal; min-width: 22em } tr:nth-child(even) { background: #f4f4f4 }
code { background: #eee; padding: 2px 4px; font-size: 12px; overflow-wrap: anywhere }
.warnings { background: #fff6e0; border-left: 4px solid #d9a400; padding: .6em 1.6em }
svg { width: 100%; min-width: 640px; margin: .6em 0; font: 12px system-ui, sans-serif }
svg .title { font-weight: bold; font-size: 14px; fill: #222 } svg .name { fill: #222 }
svg .grid { stroke: #ddd } svg .zero { stroke: #888 } svg .value { text-anchor: end; fill: #555 }
svg .day { text-anchor: middle; fill: #555 } svg .first { text-anchor: start } svg .last { text-anchor: end }
"""


def html(report: Report) -> str:
    """The whole page."""
    return "\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    title = f"{' and '.join(report['players'])}: {', '.join(report['assets'])}"
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
    yield f"<style>{STYLE}</style></head><body>"
    yield f"<h1>{_text(title)}</h1><p>{_text(report['from'])} to {_text(report['to'])}</p>"
    yield f"<p><code>{_text(report['command'])}</code></p>"
    yield f'<ul class="warnings">{"".join(f"<li>{_text(each)}</li>" for each in report["warnings"])}</ul>'
    yield from _choices(report["choices"])
    yield f"<p>{_text(words.capital(report))}</p>"
    yield _table(*words.comparison(report))
    runs = [run for run in report["runs"] if not run.get("failed")]
    nets = _nets(runs, report["rules"])
    calm = {name: curve for name, curve in nets.items() if name != "naive"}
    yield _wide(chart("net, USD: the engine and simple rules on the same hours", calm))
    yield _wide(chart("net, USD: the same with naive flipping", nets))
    for run in runs:
        yield from _run(run)
    yield "</body></html>"


def _choices(choices: Sequence[Report]) -> Iterator[str]:
    if choices:
        rows = [
            (choice["window"], choice["chosen"], *(_nets_of(choice[name]) for name in ("train_net", "test_net")))
            for choice in choices
        ]
        yield f"<h2>What was chosen on which days</h2>{_table(('window', 'chosen', TRAINED, TESTED), rows)}"


def _nets_of(nets: Mapping[str, float | None]) -> str:
    return "; ".join(f"{name} {'failed' if net is None else f'{net:,.2f}'}" for name, net in nets.items())


def _nets(runs: Sequence[Report], rules: Sequence[Mapping[str, Report]]) -> dict[str, Curve]:
    """The engine's runs, and the rules; test windows one after the other make one line."""
    curves: dict[str, Curve] = {}
    if len(rules) > 1:
        curves["engine"] = _joined([_column(run, 1) for run in runs])
    else:
        curves |= {f"engine {run['name']}": _column(run, 1) for run in runs[:CURVES_MOST]}
    for name in rules[0]:
        curves[name] = _joined([[(at, value) for at, value in each[name]["curve"]] for each in rules])
    return curves


def _joined(parts: Iterable[Curve]) -> Curve:
    joined: list[tuple[float, float]] = []
    for part in parts:
        base = joined[-1][1] if joined else 0.0
        joined += [(at, base + value) for at, value in part]
    return joined


def _column(run: Report, number: int) -> Curve:
    return [(point[0], point[number]) for point in run["curve"]]


def _run(run: Report) -> Iterator[str]:
    yield f"<h2>Engine, {_text(run['name'])}</h2>"
    yield f"<p>{_text(words.course(run))}</p>"
    net, funding, fees = _column(run, 1), _column(run, 2), _column(run, 3)
    price = [(at, n - f + c) for (at, n), (_, f), (_, c) in zip(net, funding, fees, strict=True)]
    yield _wide(chart("funding, fees and price, USD", {"funding": funding, "fees": fees, "price and basis": price}))
    yield _wide(chart("drawdown, USD", {"drawdown": _drawdown(net)}))
    yield _wide(chart("gross exposure, USD", {"exposure": _column(run, 4)}))
    yield _table(words.titles("asset", words.OF_ASSET), words.rows(run["by_asset"], words.OF_ASSET))
    yield _table(words.titles("venue", words.OF_VENUE), words.rows(run["by_venue"], words.OF_VENUE))
    head = (*words.PAIR, "naked s", CLOSED)
    pairs = [(*words.pair_cells(pair), f"{pair['naked_s']:.0f}", pair["close_reason"]) for pair in run["pairs"]]
    yield _table(head, pairs)


def _drawdown(net: Curve) -> Curve:
    highs = itertools.accumulate((value for _, value in net), max, initial=0.0)
    return [
        (at, min(0.0, value - high)) for (at, value), high in zip(net, itertools.islice(highs, 1, None), strict=True)
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Words to the left, figures to the right; what is too wide for the page scrolls by itself."""
    kinds = ["text long" if name in LONG else "text" if name in TEXT else "" for name in head]
    lines = [_row("th", kinds, head), *(_row("td", kinds, row) for row in rows)]
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _row(tag: str, kinds: Sequence[str], cells: Sequence[str]) -> str:
    parts = (
        f'<{tag} class="{kind}">{_text(cell)}</{tag}>' if kind else f"<{tag}>{_text(cell)}</{tag}>"
        for kind, cell in zip(kinds, cells, strict=True)
    )
    return f"<tr>{''.join(parts)}</tr>"


def _wide(chart_: str) -> str:
    return f'<div class="wide">{chart_}</div>'


def _text(words_: str) -> str:
    return escaping.escape(words_.replace("**", ""))
