"""The command line: run, replay, verify, explain, render, scan, check-config. Errors are one sentence and exit 2.

Heavy imports happen inside the commands, so that help, render and replay start without any venue's library.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
import msgspec
from cyclopts import Parameter

from engine.errors import UserError

app = cyclopts.App(
    name="perp2perp",
    help=(
        "Earn the funding difference between two perpetual markets: short where it is higher, long where it is "
        "lower. Start with `perp2perp run` (offline, simulated venues), then `replay`, `explain` and `render` the "
        "run it names."
    ),
    version=lambda: metadata.version("perp2perp"),
    version_flags=["--version"],
    help_flags=["--help", "-h"],
)

PLAIN_WIDTH = 130
"""Columns when the output is no terminal."""
BROKEN_PIPE = 141
"""Exit code when whoever reads the output has gone (as `head` does): 128 and the number of SIGPIPE."""
Form = Literal["mermaid", "dot", "table", "markdown"]
JsonFlag = Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")]


@app.command
def run(
    *,
    config: Annotated[Path | None, Parameter(help="A TOML profile; config/paper.toml when left out.")] = None,
    seed: Annotated[
        int | None, Parameter(help="Seed of market, latencies and keys; the same seed repeats the run.")
    ] = None,
    duration: Annotated[str | None, Parameter(help="Market time to run for: 90s, 30m, 12h, 7d, 3w.")] = None,
    market: Annotated[
        Path | None, Parameter(help="A recorded market (CSV, also .gz) instead of the seeded one.")
    ] = None,
    assets: Annotated[
        str | None, Parameter(help="Assets to trade, as in BTC,ETH; `all` for all the market has.")
    ] = None,
    runs: Annotated[Path | None, Parameter(help="Where run directories are made; `runs` when left out.")] = None,
    speed: Annotated[str, Parameter(help="max (virtual clock), or times real time: 1, 60.")] = "max",
    faults: Annotated[Path | None, Parameter(help="A fault plan (TOML) for the simulated venues.")] = None,
    json: JsonFlag = False,
) -> int:
    """Run the engine to its end on simulated venues and write journal, head and report.

    The last line on standard output is the run's directory. Interrupt once to close all pairs and stop, twice for
    the kill switch. Exit 0 when the run ends flat, 1 when something is left open or a venue was never reached.
    """
    from engine import config as configuration, runtime
    from engine.progress import progress
    from engine.report import report_tables

    profile = configuration.load(config or configuration.DEFAULT_CONFIG)
    configuration.refuse_unready(profile)
    profile = configuration.with_options(
        profile, seed=seed, duration=duration, market=market, faults=faults, assets=assets
    )
    request = runtime.RunRequest(
        config=profile,
        runs=runs or Path(profile.run.runs_directory),
        speed=configuration.parse_speed(speed),
    )
    with _interrupts_left_to_the_engine():
        with progress(profile) as show:
            result = runtime.run(request, show)
        if json:
            _print_json({"run": str(result.directory), **result.report})
        else:
            _print_table(report_tables(result.report))
        print(result.directory, flush=True)
    return 0 if result.ended_well else 1


@app.command
def scan(
    *,
    config: Annotated[Path | None, Parameter(help="A TOML profile; config/paper.toml when left out.")] = None,
    seed: Annotated[int | None, Parameter(help="Seed of the market.")] = None,
    market: Annotated[Path | None, Parameter(help="A recorded market instead of the seeded one.")] = None,
    assets: Annotated[
        str | None, Parameter(help="Assets to rank, as in BTC,ETH; `all` for all the market has.")
    ] = None,
    after: Annotated[str, Parameter(help="Market time to observe before ranking.")] = "24h",
    json: JsonFlag = False,
) -> int:
    """Observe funding for a while without opening anything; rank the pairs and say why each is refused."""
    from engine import config as configuration, scanning

    profile = configuration.load(config or configuration.DEFAULT_CONFIG)
    configuration.refuse_unready(profile)
    profile = configuration.with_options(profile, seed=seed, duration=after, market=market, assets=assets)
    candidates = scanning.observe(profile)
    if json:
        _print_json(scanning.as_data(candidates))
    else:
        _print_table(scanning.table(candidates))
    return 0


@app.command(name="check-config")
def check_config(file: Path, *, json: JsonFlag = False) -> int:
    """Read a profile, check every field and limit, and print its digest."""
    from engine import config as configuration

    profile = configuration.load(file)
    if json:
        _print_json({"file": str(file), "mode": profile.run.mode, "digest": configuration.digest(profile)})
    else:
        print(f"{file}: good ({profile.run.mode} profile, digest {configuration.digest(profile)})")
        for field, value in configuration.defaults_used(file):
            print(f"  not set, default used: {field} = {value}")
    return 0


@app.command
def replay(
    run: Path,
    *,
    until: Annotated[int | None, Parameter(help="Stop after this seq and print the states there.")] = None,
    since: Annotated[int, Parameter(help="Compare from this seq on.")] = 1,
    all: Annotated[
        bool, Parameter(negative=(), help="Go on after a divergence: what today's code would have done.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Feed a run's recorded messages to today's code: "identical, N messages", or the first divergence. Exit 0 or 1."""
    from engine import replay as replaying

    if until is not None and until < max(1, since):
        raise UserError(f"--until {until}: give a seq from {max(1, since)} on")
    report = replaying.replay(run, until=until, since=since, go_on=all)
    if until is not None and report.identical and report.last_seq < until:
        raise UserError(f"--until {until}: the journal ends at seq {report.last_seq}")
    if json:
        _print_json(report)
    else:
        print(replaying.render_replay(report), end="")
        if until is not None:
            print(replaying.render_states(report.states), end="")
    return 0 if report.identical else 1


@app.command
def verify(run: Path, *, json: JsonFlag = False) -> int:
    """Check a journal's chain, its head file and its tail."""
    from engine import journal

    found = journal.verify(run)
    if json:
        _print_json(found)
    else:
        print(journal.render_verification(found), end="")
    return 0


@app.command
def explain(run: Path, subject: str) -> int:
    """Tell one order (client order id), one pair (DOGE-1) or another actor from a run's journal, with reasons."""
    from engine import audit

    print(audit.explain(run, subject), end="")
    return 0


@app.command
def rerecord(
    log: Path, *, apply: Annotated[bool, Parameter(negative=(), help="Write it; without, only show.")] = False
) -> int:
    """Show how today's code decides a recorded log differently; with --apply, write the log anew."""
    from engine import replay as replaying, rerecord as rerecording

    report = rerecording.rerecord(log, apply=apply)
    print(replaying.render_replay(report), end="")
    print(rerecording.render_rerecord(report, applied=apply), end="")
    return 0


@app.command
def render(
    chart: Annotated[str | None, Parameter(help="A chart's name; every chart when left out.")] = None,
    *,
    format: Annotated[Form, Parameter(help="mermaid, dot, table or markdown.")] = "table",
    out: Annotated[Path | None, Parameter(help="Directory to write to; standard output when left out.")] = None,
    run: Annotated[Path | None, Parameter(help="Count how often each row was taken in this run.")] = None,
) -> int:
    """Draw the statecharts for an audit: guards, actions, timers, row ids, and the state x message matrix."""
    from statecharts.catalog import CATALOG
    from statecharts.render import SUFFIXES, render as draw

    if chart is not None and chart not in CATALOG:
        raise UserError(f"there is no chart {chart!r}; the charts are {', '.join(CATALOG)}")
    counts: dict[str, dict[str, int]] = {}
    if run is not None:
        from engine import audit

        counts = audit.row_counts(run)
    for name in [chart] if chart else list(CATALOG):
        text = draw(CATALOG[name], format, counts.get(name))
        if out is None:
            print(text, end="")
        else:
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"{name}{SUFFIXES[format]}"
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path)
    return 0


@contextmanager
def _interrupts_left_to_the_engine() -> Iterator[None]:
    """While the engine runs it takes the signals itself; before and after, they must not cost the report."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _print_json(data: Any) -> None:
    sys.stdout.write(msgspec.json.encode(data, enc_hook=str).decode() + "\n")


def _print_table(table: Any) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    console.print(table)


def main(arguments: list[str] | None = None) -> None:
    """The console script: runs a command, turns expected errors into one sentence and exit code 2."""
    try:
        code = app(arguments, result_action="return_value")
    except UserError as error:
        print(f"perp2perp: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BROKEN_PIPE) from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        print(f"perp2perp: {error.filename}: {error.strerror}; name an existing, readable path", file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
