"""The findings as Markdown: tables that a person reads in a terminal or on a page. Counterpart: `page`, with plots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
OF_ASSET = ("net", "funding", "fees", "price", "traded", "trades", "held_h")
OF_VENUE = ("funding", "fees", "traded", "held_short", "held_long")
TITLES = {"held_h": "held h", "held_short": "times short", "held_long": "times long"}
"""What people read instead of a field's name."""
PAIR = ("pair", "short", "long", "entered", "held h", "funding", "fees", "price", "net", "expected")
PAIRS_MOST = 12
"""Pairs that are told one by one in words; report.json has all."""


def markdown(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {' and '.join(report['players'])}: {', '.join(report['assets'])}, {_days(report)}"
    yield ""
    yield f"`{report['command']}`"
    yield ""
    yield capital(report)
    yield ""
    yield from (f"- {warning}" for warning in report["warnings"])
    for choice in report["choices"]:
        nets = "; ".join(f"{name} {_money(net)}" for name, net in choice["train_net"].items())
        tested = "; ".join(f"{name} {_money(net)}" for name, net in choice["test_net"].items())
        yield f"- {choice['window']}: chose **{choice['chosen']}** of {nets}. On the test days: {tested}"
    yield ""
    yield from table(*comparison(report))
    yield ""
    for run in report["runs"]:
        if not run.get("failed"):
            yield from _run(run)


def capital(report: Report) -> str:
    """What an APR is a part of."""
    money = f"{report['notional_usd']:,.0f} USD a leg; APR is net over {report['capital_usd']:,.0f}"
    return f"{money}, one leg in every asset, over the days a row may hold anything. Money in USD."


def _days(report: Report) -> str:
    return f"{report['from'][:10]} to {report['to'][:10]}"


def comparison(report: Report) -> tuple[Sequence[str], list[Sequence[str]]]:
    """The engine's runs, and the simple rules on the same hours."""
    head = ("what", "net", "APR %", "funding", "fees", "price", "drawdown", "trades", "turnover")
    found: list[Sequence[str]] = [_engine_row(run) for run in report["runs"]]
    for number, rules in enumerate(report["rules"]):
        window = f" (test {number + 1})" if len(report["rules"]) > 1 else ""
        for name, made in rules.items():
            found.append((f"{_rule_words(name, report, number)}{window}", *_rule_row(made, report)))
    if report["totals"]:
        found += [(f"all test days: {name}", _money(net), *[""] * 7) for name, net in report["totals"].items()]
    return head, found


def _rule_words(name: str, report: Report, number: int) -> str:
    return f"static, from {report['static_from'][number][:10]}" if name == "static" else name


def _engine_row(run: Mapping[str, Any]) -> Sequence[str]:
    if run.get("failed"):
        return (f"{run['name']} **failed**", *[""] * 8)
    money = [_money(run[key]) for key in ("funding", "fees", "price", "drawdown")]
    name = f"**engine** {run['name']}"
    return (
        name,
        _money(run["net"]),
        f"{run['apr_percent']:.2f}",
        *money,
        str(run["trades"]),
        f"{run['turnover']:,.0f}",
    )


def _rule_row(made: Mapping[str, Any], report: Report) -> Sequence[str]:
    days = made["days"]
    apr = made["net"] / report["capital_usd"] / days * 36_500 if days else 0.0
    money = [_money(made[key]) for key in ("funding", "fees", "price", "drawdown")]
    return (_money(made["net"]), f"{apr:.2f}", *money, str(made["trades"] // 4), f"{made['turnover']:,.0f}")


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Engine, {run['name']} ({run['from'][:10]} to {run['to'][:10]})"
    yield ""
    yield course(run)
    yield ""
    if run["by_asset"]:
        yield from table(titles("asset", OF_ASSET), rows(run["by_asset"], OF_ASSET))
        yield ""
        yield from table(titles("venue", OF_VENUE), rows(run["by_venue"], OF_VENUE))
        yield ""
    if run["pairs"]:
        yield from table(PAIR, [pair_cells(pair) for pair in run["pairs"][:PAIRS_MOST]])
        if len(run["pairs"]) > PAIRS_MOST:
            yield f"\n... and {len(run['pairs']) - PAIRS_MOST} more in report.json"
        yield ""


def course(run: Mapping[str, Any]) -> str:
    """How a run went, in one sentence."""
    share = run["hours_in_market"] / max(1, run["hours"])
    return (
        f"In the market {share:.0%} of {run['hours']} hours; exposure {run['exposure_mean']:,.0f} on average, at most "
        f"{run['exposure_most']:,.0f}; naked {run['naked_s']:.0f} s in all ({run['naked_usd_s']:,.0f} USD s); "
        f"holding {run['held_h_median']:.0f} h in the median, at most {run['held_h_most']:.0f} h; "
        f"expected at entry, over the horizon, {_money(run['expected_net'])}; "
        f"not explained by the books {_money(run['unexplained'])}; "
        f"alarms: {', '.join(f'{code} {times}' for code, times in run['alarms'].items()) or 'none'}."
    )


def pair_cells(pair: Mapping[str, Any]) -> Sequence[str]:
    """One pair, under `PAIR`."""
    money = [_money(pair[key]) for key in ("funding", "fees", "price", "net", "expected_net")]
    return (pair["pair"], pair["short"], pair["long"], pair["entered"], f"{pair['held_h']:.0f}", *money)


def titles(first: str, names: Iterable[str]) -> Sequence[str]:
    """A table's head."""
    return (first, *(TITLES.get(name, name) for name in names))


def rows(figures: Mapping[str, Mapping[str, float]], names: Iterable[str]) -> list[Sequence[str]]:
    """Figures by asset or venue: counts whole, money to the cent."""
    counts = ("trades", "held_short", "held_long")
    return [
        (key, *(str(each[name]) if name in counts else f"{each[name]:,.2f}" for name in names))
        for key, each in figures.items()
    ]


def _money(value: float | None) -> str:
    return "failed" if value is None else f"{value:,.2f}"


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table; all but the first column to the right."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in lines)
