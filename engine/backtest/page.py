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
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 960px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px } th, td { padding: 3px 9px; text-align: right }
th { border-bottom: 1px solid #888 } th:first-child, td:first-child { text-align: left }
tr:nth-child(even) { background: #f4f4f4 } code { background: #eee; padding: 2px 4px; font-size: 12px }
.warnings { background: #fff6e0; border-left: 4px solid #d9a400; padding: .6em 1.6em }
svg { width: 100%; margin: 1em 0; font: 11px system-ui, sans-serif } svg .title { font-weight: bold; font-size: 13px }
svg .grid { stroke: #ddd } svg .zero { stroke: #888 } svg .value { text-anchor: end; fill: #555 }
svg .day { text-anchor: middle; fill: #555 }
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
    yield _table(*words.comparison(report))
    runs = [run for run in report["runs"] if not run.get("failed")]
    nets = _nets(runs, report["rules"])
    calm = {name: curve for name, curve in nets.items() if name != "naive"}
    yield chart("net, USD: the engine and simple rules on the same hours", calm)
    yield chart("the same with naive flipping", nets)
    for run in runs:
        yield from _run(run)
    yield "</body></html>"


def _choices(choices: Sequence[Report]) -> Iterator[str]:
    if choices:
        rows = [
            (choice["window"], choice["chosen"], "; ".join(f"{k} {v}" for k, v in choice["train_net"].items()))
            for choice in choices
        ]
        yield f"<h2>What was chosen on which days</h2>{_table(('window', 'chosen', 'train net by set'), rows)}"


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
    net, funding, fees = _column(run, 1), _column(run, 2), _column(run, 3)
    price = [(at, n - f + c) for (at, n), (_, f), (_, c) in zip(net, funding, fees, strict=True)]
    yield chart("funding, fees and price, USD", {"funding": funding, "fees": fees, "price and basis": price})
    yield chart("drawdown, USD", {"drawdown": _drawdown(net)})
    yield chart("gross exposure, USD", {"exposure": _column(run, 4)})
    yield _table(("asset", *words.OF_ASSET), _rows(run["by_asset"], words.OF_ASSET))
    yield _table(("venue", *words.OF_VENUE), _rows(run["by_venue"], words.OF_VENUE))
    names = ("short", "long", "entered", "held_h", "funding", "fees", "price", "net", "expected_net", "naked_s")
    pairs = {pair["pair"]: pair for pair in run["pairs"]}
    yield _table(("pair", *names, "closed because"), [
        (*row, pairs[row[0]]["close_reason"]) for row in _rows(pairs, names)
    ])  # fmt: skip


def _drawdown(net: Curve) -> Curve:
    highs = itertools.accumulate((value for _, value in net), max, initial=0.0)
    return [
        (at, min(0.0, value - high)) for (at, value), high in zip(net, itertools.islice(highs, 1, None), strict=True)
    ]


def _rows(figures: Mapping[str, Report], names: Sequence[str]) -> list[Sequence[str]]:
    return [(key, *(str(each[name]) for name in names)) for key, each in figures.items()]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{_text(each)}</th>" for each in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{titles}</tr>{lines}</table>"


def _text(words_: str) -> str:
    return escaping.escape(words_.replace("**", ""))
