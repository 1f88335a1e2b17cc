"""`perp2perp scan`: let the scanner observe a market without opening anything, then show what it thinks.

Counterparts: `actors.gates`, whose candidates these are; `engine.preparation`, which makes the engine that observes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from actors.domain import NS_PER_S
from actors.funding_scanner import FundingScanner, candidates, pairings
from actors.gates import Candidate, Known
from engine import preparation
from engine.config import Config
from engine.errors import UserError
from engine.runtime import Engine
from engine.view import EngineView

Found = tuple[Candidate, ...]
WATCH_LASTS = "3650d"
"""Watching goes on until it is interrupted, or the recording ends."""
WATCHING = "WATCHING"
"""Where risk is while an engine may open."""
WATCH_MOST_S = 86_400
YEAR_H = 8760
WIDE = 118
"""Terminals from so many columns on get tables, others a list."""


def scan(
    config: Config, watch_s: float | None, after_s: float, show: Callable[[Any], None], *, as_json: bool = False
) -> None:
    """Rank once, or until interrupted where `watch_s` is given; `show` prints the ranking, or its data.

    Raises UserError for a `watch_s` that nobody could read by: none, less, or more than a day.
    """
    if watch_s is not None and not 0 < watch_s <= WATCH_MOST_S:
        raise UserError(f"--watch {watch_s:g}: give seconds above 0 and up to {WATCH_MOST_S}, as in --watch 5")

    def say(note: str) -> None:
        print(f"note: {note}", file=sys.stderr)

    def draw(found: Found) -> None:
        show(as_data(found) if as_json else Ranking(found))

    if watch_s is None:
        draw(observe(config, say))
    else:
        watch(config, watch_s, after_s, say, draw)


def observe(config: Config, say: Callable[[str], None]) -> Found:
    """Run the engine with room for no pair, and judge every pairing at its end; `say` hears what is left out.

    That it has ended by then, and opens nothing any more, is no refusal.
    """
    with tempfile.TemporaryDirectory() as scratch:
        engine = _quiet(config, Path(scratch), say)
        engine.run()
        engine.finish()
        return judged(engine, risk_place=WATCHING)


def watch(
    config: Config, every_s: float, after_s: float, say: Callable[[str], None], draw: Callable[[Found], None]
) -> None:
    """Run the engine with room for no pair until it is interrupted, and draw the ranking again and again.

    With simulated venues in this process market time runs ahead as fast as it can, and stands still for `every_s` of
    real time after each drawing from `after_s` of it on; over sockets time is the venues'.
    """
    paced = Pace(every_s, after_s, stands_still=config.run.mode == "paper")
    with tempfile.TemporaryDirectory() as scratch:
        engines: list[Engine] = []

        def progress(view: EngineView) -> None:
            if engines and paced.due(view.at_ns, engines[0].started_ns):
                draw(judged(engines[0]))
                paced.drawn()

        engines.append(_quiet(config, Path(scratch), say, progress))
        engines[0].run()
        draw(judged(engines[0]))
        engines[0].finish()


class Pace:
    """When the ranking is drawn again."""

    def __init__(self, every_s: float, after_s: float, *, stands_still: bool) -> None:
        self._every_s = every_s
        self._after_ns = round(after_s * NS_PER_S)
        self._stands_still = stands_still
        self._drawn_s: float | None = None

    def due(self, at_ns: int, started_ns: int) -> bool:
        """Whether enough was seen, and enough real time has passed since the last drawing."""
        if self._stands_still and at_ns - started_ns < self._after_ns:
            return False
        return self._drawn_s is None or self._stands_still or time.monotonic() - self._drawn_s >= self._every_s

    def drawn(self) -> None:
        """It was drawn: market time that runs as fast as it can waits for whoever reads it."""
        if self._stands_still:
            time.sleep(self._every_s)
        self._drawn_s = time.monotonic()


def _quiet(
    config: Config,
    scratch: Path,
    say: Callable[[str], None],
    progress: Callable[[EngineView], None] | None = None,
) -> Engine:
    scanner = msgspec.structs.replace(config.policy.scanner, pairs_most=0)
    quiet = msgspec.structs.replace(config, policy=msgspec.structs.replace(config.policy, scanner=scanner))
    engine = preparation.prepare(preparation.RunRequest(config=quiet, runs=scratch), progress)
    for note in engine.notes:
        say(note)
    return engine


def judged(engine: Engine, risk_place: str = "") -> Found:
    """Every pairing as the engine's scanner knows it now, the best return on capital first.

    `risk_place` stands in for where risk is, when given.
    """
    state = engine.core.states["funding_scanner"]
    assert isinstance(state, FundingScanner)
    policy = engine.config.policy
    board = engine.core.board
    known = Known(
        board=msgspec.structs.replace(board, risk_place=risk_place) if risk_place else board,
        policy=policy,
        at_ns=engine.tally.at_ns,
        series=state.series,
        swings=state.swings,
    )
    return candidates(known, pairings(policy))


def as_data(found: Found) -> list[dict[str, Any]]:
    """The ranking as plain data; rates per hour, money in USD, `apr` and returns as fractions (APR, not compounded).

    None is what was not measured, since the marks were not of one time.
    """
    return [_data(candidate) for candidate in found]


def _data(candidate: Candidate) -> dict[str, Any]:
    told = candidate.expectation
    return {
        "asset": candidate.asset,
        "short": candidate.short_venue.value,
        "long": candidate.long_venue.value,
        "rate_per_hour": candidate.rate_per_hour,
        "rate_error_per_hour": told.rate_error_per_hour,
        "persistence": candidate.persistence,
        "apr": candidate.rate_per_hour * YEAR_H,
        "size": candidate.size,
        "bound": candidate.bound,
        "bounds": {bound.name: bound.size for bound in candidate.bounds},
        "notional_usd": candidate.notional_usd,
        "capital_usd": candidate.capital_usd,
        **_outcome(candidate),
        "expectation": {**msgspec.structs.asdict(told), **({} if candidate.compared else {"basis_usd": None})},
        "passed": candidate.passed,
        "gates": [msgspec.structs.asdict(gate) for gate in candidate.gates],
    }


def _outcome(candidate: Candidate) -> dict[str, Decimal | None]:
    """What a candidate should bring after its costs, the basis among them: None where that was not measured."""
    figures = {
        "cost_bps": candidate.cost_bps,
        "break_even_h": candidate.break_even_h,
        "expected_net_usd": candidate.expected_net_usd,
        "return_on_capital": candidate.return_on_capital,
        "return_on_capital_apr": _apr(candidate),
    }
    return figures if candidate.compared else dict.fromkeys(figures)


def _apr(candidate: Candidate) -> Decimal:
    """The expected net over the horizon as a simple yearly return on the margin of both legs."""
    return candidate.return_on_capital * YEAR_H / candidate.expectation.horizon_h


# --- for people ----------------------------------------------------------------------------------------------


class Ranking:
    """The ranking for people: the best first, and for each refusal what was measured and what was needed."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Tables where there is room, else a list."""
        if options.max_width < WIDE:
            yield from self._lines()
        else:
            yield self._table()
            if any(not candidate.passed for candidate in self.found):
                yield self._refusals()

    def _table(self) -> Table:
        drawn = Table(title=_title(self.found))
        left = ("asset", "short", "long", "size bound by", "verdict")
        for title in (*COLUMNS, "size bound by", "verdict"):
            fixed = title in ("short", "long", "verdict")
            drawn.add_column(title, justify="left" if title in left else "right", no_wrap=fixed)
        for candidate in self.found:
            drawn.add_row(*_figures(candidate), candidate.bound, _verdict(candidate))
        return drawn

    def _refusals(self) -> Table:
        drawn = Table(title="Refused by")
        for title in ("pair", "gate", "measured", "needed"):
            drawn.add_column(title)
        for candidate in self.found:
            for number, gate in enumerate(candidate.refusals):
                drawn.add_row("" if number else _name(candidate), gate.name, gate.measured, gate.needed)
        return drawn

    def _lines(self) -> Iterator[Text]:
        yield Text(_title(self.found))
        for candidate in self.found:
            yield Text(f"{_name(candidate)}: {_verdict(candidate)}")
            pairs = zip(COLUMNS[3:], _figures(candidate)[3:], strict=True)
            yield Text("  " + ", ".join(f"{title} {figure}" for title, figure in pairs))
            yield Text(f"  size bound by {candidate.bound}")
            for gate in candidate.refusals:
                yield Text(f"  - {gate.name}: {gate.measured}, needed {gate.needed}")


COLUMNS = (
    "asset",
    "short",
    "long",
    "APR %",
    "+- %",
    "cost bps",
    "even h",
    "USD each",
    "margin USD",
    "net USD",
    "on margin APR %",
)


def _figures(candidate: Candidate) -> tuple[str, ...]:
    told = candidate.expectation
    costs, even_h, net, on_margin = _outcome_words(candidate)
    return (
        candidate.asset,
        candidate.short_venue.value,
        candidate.long_venue.value,
        f"{candidate.rate_per_hour * YEAR_H * 100:.1f}",
        f"{told.rate_error_per_hour * YEAR_H * 100:.1f}",
        costs,
        even_h,
        f"{candidate.notional_usd:.0f}",
        f"{candidate.capital_usd:.0f}",
        net,
        on_margin,
    )


def _outcome_words(candidate: Candidate) -> tuple[str, str, str, str]:
    """Costs, hours until they are earned, net and return on margin; the gates say why they are not measured."""
    if not candidate.compared:
        return ("not measured",) * 4
    even = candidate.break_even_h
    return (
        f"{candidate.cost_bps:.1f}",
        "never" if even is None or even > YEAR_H else f"{even:.0f}",
        f"{candidate.expected_net_usd:.2f}",
        f"{_apr(candidate) * 100:.1f}",
    )


def _title(found: Found) -> str:
    hours = found[0].expectation.horizon_h if found else 0
    return f"Pairs by return on margin over {hours} h (one standard error beside the APR; yearly rates are simple)"


def _name(candidate: Candidate) -> str:
    return f"{candidate.asset} short {candidate.short_venue.value} long {candidate.long_venue.value}"


def _verdict(candidate: Candidate) -> str:
    refused = len(candidate.refusals)
    return f"refused by {refused}" if refused else "open"
