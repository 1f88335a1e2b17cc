"""`perp2perp backtest`: its jobs, its progress, its choice in a walk-forward, and its report on disk.

What is found depends on the request and the data alone: neither on the number of processes nor on their order.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from actors.domain import ZERO
from engine.backtest import findings, page, words
from engine.backtest.grid import ParameterSet, with_changes
from engine.backtest.many import Show, run_all
from engine.backtest.one_run import Job, Outcome, market_of
from engine.backtest.request import PROFILE, Asked
from engine.backtest.shown import shown
from engine.backtest.split import Window
from engine.errors import UserError
from engine.simulators.market import Played, Span, read_history

Report = dict[str, Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The report as data and in words, and the command's exit code."""

    report: Report
    words: str
    exit_code: int


def backtest(asked: Asked) -> Answer:
    """Make every run, compare, and write report.json, report.md and report.html; progress goes to standard error."""
    history = read_history(asked.data, asked.span)
    played = market_of(history, job_of(asked, "market", asked.sets[0], asked.span))
    out = _fresh(asked.out)
    asked = msgspec.structs.replace(asked, out=out)
    begun_s = time.monotonic()
    with shown() as show:
        tested = _walked(asked, show) if asked.windows else None
        outcomes = tested[0] if tested else run_all(_jobs(asked), asked.jobs, show)
    choices = tested[1] if tested else []
    report = report_of(asked, played, outcomes, choices)
    text = words.markdown(report)
    (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report, enc_hook=str), indent=1) + b"\n")
    (out / "report.md").write_text(text, encoding="utf-8", newline="\n")
    (out / "report.html").write_text(page.html(report), encoding="utf-8", newline="\n")
    print(f"{out / 'report.html'} ({time.monotonic() - begun_s:.0f} s)", file=sys.stderr)
    well = all(not outcome.failed and outcome.ended_well for outcome in outcomes)
    return Answer(report=report, words=text, exit_code=0 if well else 1)


def _fresh(out: Path) -> Path:
    """A directory of this back-test's own below `out`, named by number: nothing is written over."""
    for number in range(1, 100_000):
        directory = out / f"{number:04}"
        if not directory.exists():
            directory.mkdir(parents=True)
            return directory
    raise UserError(f"--out {out}: is full; name another directory")


def job_of(asked: Asked, name: str, chosen: ParameterSet, span: Span, *, keep: bool = False) -> Job:
    """One run of a request; its journal is kept when that was asked for."""
    return Job(
        name=name,
        chosen=chosen,
        config=with_changes(asked.config, chosen),
        data=asked.data,
        players=asked.players,
        assets=asked.assets,
        span=span,
        directory=asked.out / "runs" / re.sub(r"[^A-Za-z0-9._=-]+", "_", name),
        keep_journal=keep or asked.journals,
    )


def _jobs(asked: Asked) -> tuple[Job, ...]:
    alone = len(asked.sets) == 1
    return tuple(job_of(asked, chosen.name, chosen, asked.span, keep=alone) for chosen in asked.sets)


def _walked(asked: Asked, show: Show) -> tuple[tuple[Outcome, ...], list[Report]]:
    """Every set on every train window, then the best one of each on the test days after it, begun flat; and the first
    set there too, which says what choosing was worth."""
    trains = [
        job_of(asked, f"train {number} {chosen.name}", chosen, window.train)
        for number, window in enumerate(asked.windows, 1)
        for chosen in asked.sets
    ]
    trained = run_all(tuple(trains), asked.jobs, show)
    parts = [trained[number : number + len(asked.sets)] for number in range(0, len(trained), len(asked.sets))]
    chosen = [best_of(asked.sets, own) for own in parts]
    tested = run_all(_tests(asked, chosen), asked.jobs, show)
    first = asked.sets[0]
    others = [window for window, best in zip(asked.windows, chosen, strict=True) if best is not first]
    beside = run_all(_beside(asked, first, others), asked.jobs, show)
    unchosen = {outcome.from_ns: outcome for outcome in beside}
    choices = [
        _choice(asked, number, chosen[number], own, (outcome, unchosen.get(outcome.from_ns, outcome)))
        for number, (own, outcome) in enumerate(zip(parts, tested, strict=True))
    ]
    return tested, choices


def _tests(asked: Asked, chosen: list[ParameterSet]) -> tuple[Job, ...]:
    """The chosen set of each window on its test days."""
    pairs = enumerate(zip(asked.windows, chosen, strict=True), 1)
    return tuple(job_of(asked, f"test {number} {best.name}", best, window.test) for number, (window, best) in pairs)


def _beside(asked: Asked, first: ParameterSet, windows: list[Window]) -> tuple[Job, ...]:
    """The first set on the test days of those windows for which another one was chosen."""
    numbers = {window: number for number, window in enumerate(asked.windows, 1)}
    return tuple(job_of(asked, f"test {numbers[each]} {first.name}, not chosen", first, each.test) for each in windows)


def best_of(sets: tuple[ParameterSet, ...], outcomes: tuple[Outcome, ...]) -> ParameterSet:
    """The set with the best net on its train days, the earlier one of equals; raises UserError when all failed."""
    best: tuple[Decimal, ParameterSet] | None = None
    for chosen, outcome in zip(sets, outcomes, strict=True):
        if not outcome.failed and (best is None or outcome.net > best[0]):
            best = (outcome.net, chosen)
    if best is None:
        raise UserError(f"every set failed on its train days, the first with: {outcomes[0].failed}")
    return best[1]


def _choice(
    asked: Asked, number: int, best: ParameterSet, trained: tuple[Outcome, ...], tested: tuple[Outcome, Outcome]
) -> Report:
    """`tested` is the chosen set on the test days, and the first set."""
    return {
        "window": findings.window_words(asked.windows[number]),
        "chosen": best.name,
        "train_net": {each.name: _net(made) for each, made in zip(asked.sets, trained, strict=True)},
        "test_net": {best.name: _net(tested[0]), asked.sets[0].name: _net(tested[1])},
    }


def _net(outcome: Outcome) -> float | None:
    return None if outcome.failed else findings.usd(outcome.net)


def report_of(asked: Asked, played: Played, outcomes: tuple[Outcome, ...], choices: list[Report]) -> Report:
    """Everything, as data."""
    tapes = findings.tapes(played)
    terms = findings.terms_of(asked, {player.venue: taker_fee(player.venue) for player in asked.players})
    names = {player.venue: player.words for player in asked.players}
    capital = asked.notional_usd * len(played.coverage)
    spans = [window.test for window in asked.windows] or [asked.span]
    starts = [span.from_ns for span in spans] if asked.windows else [findings.static_from(asked.span)]
    compared = [findings.rules(tapes, terms, span, start) for span, start in zip(spans, starts, strict=True)]
    return {
        "command": command_line(asked),
        "from": findings.time_of(asked.span.from_ns),
        "to": findings.time_of(asked.span.to_ns),
        "players": [player.words for player in asked.players],
        "assets": [each.asset for each in played.coverage],
        "coverage": [msgspec.to_builtins(each) for each in played.coverage],
        "notional_usd": findings.usd(asked.notional_usd),
        "warnings": findings.warnings(asked, played, outcomes),
        "choices": choices,
        "capital_usd": findings.usd(capital),
        "runs": [findings.engine_figures(outcome, capital, names) for outcome in outcomes],
        "rules": compared,
        "static_from": [findings.time_of(start) for start in starts],
        "totals": _totals(asked, outcomes, compared, choices) if asked.windows else None,
    }


def _totals(
    asked: Asked, outcomes: tuple[Outcome, ...], compared: list[dict[str, dict[str, Any]]], choices: list[Report]
) -> dict[str, float]:
    """Test windows one after the other: the engine's net, with what was chosen and with the first set, each rule's."""
    engine = sum((outcome.net for outcome in outcomes if not outcome.failed), ZERO)
    first = asked.sets[0].name
    unchosen = round(sum(choice["test_net"][first] or 0.0 for choice in choices), 2)
    rules = {name: round(sum(each[name]["net"] for each in compared), 2) for name in compared[0]}
    return {"engine": findings.usd(engine), f"engine, always {first}": unchosen, **rules}


def taker_fee(venue: str) -> Decimal:
    """The simulated venue's taker fee, a fraction."""
    fees = getattr(import_module(f"engine.simulators.{venue}.rules"), f"{venue.upper()}_FEES").taker
    assert isinstance(fees, Decimal)
    return fees


def command_line(asked: Asked) -> str:
    """The command that repeats it, to be pasted where it was given; nothing is named that was left out."""
    parts = [f"perp2perp backtest --data {' '.join(named(path, asked) for path in asked.data)}"]
    parts.append(f"--from {findings.time_of(asked.span.from_ns)[:10]} --to {findings.time_of(asked.span.to_ns)[:10]}")
    parts.append(f"--venues {','.join(player.source for player in asked.players)}")
    stand_ins = [f"{player.source}={player.venue}" for player in asked.players if player.stands_in]
    parts += [f"--as {','.join(stand_ins)}"] if stand_ins else []
    parts.append(f"--assets {','.join(asked.assets)}")
    parts += [f"--config {named(asked.profile, asked)}"] if asked.names_alone or asked.profile != PROFILE else []
    parts += [f"--grid {named(asked.grid, asked)}"] if asked.grid else []
    parts += [f"--walk-forward {asked.walk_forward}"] if asked.walk_forward else []
    parts += ["--held-out"] if asked.held_out_used else []
    return " ".join(parts)


def named(path: Path, asked: Asked) -> str:
    """A path as it was given, relative to the current directory when below it, quoted for a shell where need be."""
    if asked.names_alone:
        return path.name
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
