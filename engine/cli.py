"""The command line: run, replay, verify, explain, render, scan, simulate, conformance and more.

Errors are one sentence and exit 2.
Heavy imports happen inside the commands, so that help, render and replay start without any venue's library.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from actors.domain import Venue
from engine.backtest.options import backtest
from engine.calibration.commands import calibrate, calibrate_adl
from engine.calibration.forecast_command import calibrate_forecast
from engine.control.commands import tell
from engine.errors import UserError
from engine.exports.command import export
from engine.flatten.commands import flatten, positions
from engine.fuzzing.options import fuzz
from engine.keys.commands import app as keys_app
from engine.ledger.command import ledger
from engine.printed import print_json, print_table

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
app.command(keys_app)
for each in (fuzz, backtest, calibrate_forecast, flatten, tell, positions, calibrate, calibrate_adl, ledger, export):
    app.command(each)

JOURNAL_BROKEN = 3
"""The exit code of a run whose journal could not be written: everything was closed as far as the venues let us."""
BROKEN_PIPE = 141
"""Exit code when whoever reads the output has gone (as `head` does): 128 and the number of SIGPIPE."""
Form = Literal["mermaid", "dot", "table", "markdown"]
ProfileOption = Annotated[Path | None, Parameter(help="A TOML profile; config/paper.toml when left out.")]
JsonFlag = Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")]
RunArgument = Annotated[Path, Parameter(help="A run's directory, as `perp2perp run` prints it last.")]
ProfileArgument = Annotated[Path, Parameter(help="A TOML profile, such as config/paper.toml.")]


@app.command
def run(
    *,
    config: ProfileOption = None,
    seed: Annotated[
        int | None, Parameter(help="Seed of market, latencies and keys; the same seed repeats the run.")
    ] = None,
    duration: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help="Market time to run for: 90s, 30m, 12h, 7d, 3w.")
    ] = None,
    market: Annotated[Path | None, Parameter(help="A recorded market (CSV, also .gz), not the seeded one.")] = None,
    assets: Annotated[
        str | None, Parameter(help="Assets to trade, as in BTC,ETH; `all` for all the market has.")
    ] = None,
    venues: Annotated[str | None, Parameter(help="Venues to trade, as in hyperliquid,lighter.")] = None,
    runs: Annotated[Path | None, Parameter(help="Where run directories are made; `runs` when left out.")] = None,
    speed: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="max (virtual clock), or times real time: 1, 60.")
    ] = "max",
    faults: Annotated[Path | None, Parameter(help="A fault plan (TOML; form: engine/simulators/faults.py).")] = None,
    resume: Annotated[Path | None, Parameter(help="Go on with this run directory, which was cut off.")] = None,
    new: Annotated[
        bool, Parameter(negative=(), help="Begin anew although an earlier run was cut off; close what it held first.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Run the engine to its end on simulated venues and write journal, head and report.

    Over sockets a run that was cut off (a crash, kill -9, a power failure) is gone on with: its journal is verified and
    folded, every order without an outcome is asked for, both positions of each pair are verified, and only then
    anything is opened.

    The last line on standard output is the run's directory. Interrupt once to close all pairs and stop, twice for
    the kill switch. Exit 0 when the run ends flat, 1 when something is left open or a venue
    was never reached, 2 for bad input, 3 when the journal could not be written.
    """
    from engine import config as configuration, preparation
    from engine.progress import progress
    from engine.report_words import report_tables

    profile = configuration.load(config or configuration.DEFAULT_CONFIG)
    configuration.refuse_unready(profile)
    profile = configuration.with_options(
        profile, seed=seed, duration=duration, market=market, faults=faults, assets=assets, venues=venues
    )
    request = preparation.RunRequest(
        config=profile,
        runs=runs or Path(profile.run.runs_directory),
        speed=configuration.parse_speed(speed),
        resume=resume,
        anew=new,
        duration_s=None if duration is None else configuration.parse_duration(duration),
        profile=config or configuration.DEFAULT_CONFIG,
    )
    with _interrupts_left_to_the_engine():
        with progress() as show:
            engine = preparation.prepare(request, show, show.alarm)
            for note in engine.notes:
                show.note(note)
            engine.run()
        result = engine.finish()
        if json:
            print_json({"run": str(result.directory), **result.report})
        else:
            print_table(report_tables(result.report))
        print(result.directory, flush=True)
    if result.journal_broken:
        print(f"perp2perp: {result.journal_broken}", file=sys.stderr)
        return JOURNAL_BROKEN
    return 0 if result.ended_well else 1


@app.command
def scan(
    *,
    config: ProfileOption = None,
    seed: Annotated[int | None, Parameter(help="Seed of the market.")] = None,
    market: Annotated[Path | None, Parameter(help="A recorded market instead of the seeded one.")] = None,
    assets: Annotated[str | None, Parameter(help="Assets to rank: BTC,ETH, or `all` the market has.")] = None,
    venues: Annotated[str | None, Parameter(help="Venues to rank, as in hyperliquid,lighter.")] = None,
    after: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="Market time to observe before ranking: 90s, 30m, 12h, 7d.")
    ] = "24h",
    watch: Annotated[float | None, Parameter(help="Go on until interrupted; rank again every so many seconds.")] = None,
    json: JsonFlag = False,
) -> int:
    """Observe funding for a while without opening anything; rank the pairs and say why each is refused.

    Each pair is judged as if it alone were opened: a run opens the best first, one an asset, within what is left. Net
    is over the horizon, for a leg of so many USD each; returns are simple yearly rates (APR). With `--watch` a
    simulated market stands still for so many seconds each time.
    """
    from engine import config as configuration, scanning

    profile = configuration.load(config or configuration.DEFAULT_CONFIG)
    configuration.refuse_unready(profile)
    lasts = after if watch is None else scanning.WATCH_LASTS
    profile = configuration.with_options(profile, seed=seed, after=lasts, market=market, assets=assets, venues=venues)
    print_found = print_json if json else partial(print_table, anew=watch is not None)
    after_s = configuration.parse_duration(after, "--after")
    scanning.scan(profile, watch, after_s, print_found, as_json=json)
    return 0


@app.command
def simulate(
    *,
    config: ProfileOption = None,
    venues: Annotated[str | None, Parameter(help="Venues to serve, as in hyperliquid,pacifica.")] = None,
    port: Annotated[
        int | None,
        Parameter(help="The first venue's port, the next ones follow (0: free ones), instead of the profile's."),
    ] = None,
    seed: Annotated[int | None, Parameter(help="Seed of market, latencies and keys.")] = None,
    faults: Annotated[Path | None, Parameter(help="A fault plan (TOML; form: engine/simulators/faults.py).")] = None,
    duration: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="Market time to serve for, as in 30m; else until an interrupt."),
    ] = None,
    speed: Annotated[str, Parameter(allow_leading_hyphen=True, help="Times real time, as in 1 or 60.")] = "1",
    keys: Annotated[
        Path | None, Parameter(help="Directory for all key files, instead of the ones the profile names.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Serve simulated venues on 127.0.0.1, over real HTTP and WebSocket, with a throw-away account on each.

    A sandbox's profile says where: at the addresses in [venues.*.network], with the key files named there, so that
    `perp2perp run` with the same profile finds them. Other profiles are served from port 8701 on, with key files in
    `sandbox/`. It serves until it is interrupted.

    Each venue has a door of its own for tests: GET /sandbox/clock, GET /sandbox/account, POST /sandbox/lever.
    """
    from engine import config as configuration, sandbox

    profile = configuration.load(config or configuration.DEFAULT_CONFIG)
    profile = configuration.with_options(profile, seed=seed, faults=faults)
    request = sandbox.SandboxRequest(
        config=profile,
        venues=sandbox.chosen_venues(profile, venues),
        keys=keys,
        first_port=port,
        duration_s=None if duration is None else configuration.parse_duration(duration),
        speed=sandbox.pace_of(speed),
    )
    with _interrupts_left_to_the_engine():
        show_sites = print_json if json else lambda sites: print_table(sandbox.sites_table(sites))
        tallies = sandbox.run(request, show_sites)
        print_json(tallies) if json else print_table(sandbox.tallies_table(tallies))
    return 0


@app.command(name="check-config")
def check_config(
    file: ProfileArgument,
    *,
    ask: Annotated[
        bool, Parameter(negative=(), help="Ask the venues for their markets, too, and compare (over the network).")
    ] = False,
    all: Annotated[
        bool, Parameter(negative=(), help="Print every value in force, the adapters' defaults among them.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Read a profile, check every field and limit, print its digest, and say what is missing before it can run.

    Limits the profile leaves out are named with the default that stands in for each. Exit 0 when every field is good,
    whether it can run yet or not; 2 when one is not.
    """
    from engine import config as configuration
    from engine.config import in_force, readiness

    profile = configuration.load(file)
    if ask and profile.run.mode != "paper":
        import trio

        from engine.doors.listed import refuse_other_terms

        trio.run(refuse_other_terms, profile, 1.0)
    missing = list(readiness.missing(profile))
    if json:
        data = {"file": str(file), "mode": profile.run.mode, "digest": configuration.digest(profile)}
        found = {"values": {path: value for path, value, _ in in_force.values(profile, file)}} if all else {}
        print_json({**data, "can_run": not missing, "missing": missing, **found})
    else:
        but = ", but it cannot run yet:" if missing else ""
        print(f"{file}: good ({profile.run.mode} profile, digest {configuration.digest(profile)}){but}")
        for each in missing:
            print(f"  missing: {each}")
        for field, value in configuration.defaults_used(file):
            print(f"  not set, default used: {field} = {value}")
        for path, value, is_default in in_force.values(profile, file) if all else ():
            print(f"{path} = {value!r}{'    (default)' if is_default else ''}")
    return 0


@app.command
def replay(
    run: RunArgument,
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
        print_json(report)
    else:
        print(replaying.render_replay(report), end="")
        if until is not None:
            print(replaying.render_states(report.states), end="")
    return 0 if report.identical else 1


@app.command
def verify(run: RunArgument, *, json: JsonFlag = False) -> int:
    """Check a journal's chain, its head file and its tail. Exit 0 when it is whole, 2 when it is refused."""
    from engine import journal

    found = journal.verify(run)
    if json:
        print_json(found)
    else:
        print(journal.render_verification(found), end="")
    return 0


@app.command
def explain(
    run: RunArgument,
    subject: Annotated[str, Parameter(help="A pair (DOGE-1), a client order id, or an actor such as risk.")],
) -> int:
    """Tell one order (client order id), one pair (DOGE-1) or another actor from a run's journal, with reasons."""
    from engine import audit

    print(audit.explain(run, subject), end="")
    return 0


@app.command
def rerecord(
    log: Annotated[Path, Parameter(help="A recorded run's directory, as under tests/logs.")],
    *,
    apply: Annotated[bool, Parameter(negative=(), help="Write it; without, only show.")] = False,
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


@app.command
def conformance(
    venue: Venue,
    *,
    against: Annotated[str | None, Parameter(help="Base URL of a simulated venue or a test network.")] = None,
    stream: Annotated[str | None, Parameter(help="Base URL of its streams; as --against when left out.")] = None,
    key: Annotated[Path | None, Parameter(help="Key file; `sandbox/VENUE.json` when left out.")] = None,
    account: Annotated[str, Parameter(help="Account on a test network; a simulated venue tells its own.")] = "",
    asset: Annotated[str, Parameter(help="The market to try.")] = "SOL",
    size_cap_usd: Annotated[Decimal, Parameter(help="No order is worth more.")] = Decimal(100),
    json: JsonFlag = False,
) -> int:
    """Try the list of dialogues every venue must pass; print the table. Exit 0 when none failed.

    Without --against: the venue's simulator in memory. Against `perp2perp simulate`: over sockets, with its levers.
    Against the venue's test network: what needs no lever, with a cap on size. Main networks are refused.
    """
    from engine import config as configuration
    from engine.conformance import command, kit

    show = _quiet if json else lambda verdict: print(f"{verdict.outcome:>8}  {verdict.name}", file=sys.stderr)
    if against is None:
        profile = configuration.load(command.PROFILE)
        verdicts = command.in_memory(profile, venue, asset, show)
    else:
        target = command.target_of(venue, against, stream, key, account, asset, size_cap_usd)
        verdicts = command.over_network(target, show)
    if json:
        print_json(verdicts)
    else:
        print_table(kit.table(f"{venue.value} {against or 'in memory'}", verdicts))
    return 1 if any(verdict.outcome == "failed" for verdict in verdicts) else 0


def _quiet(_: object) -> None:
    """Say nothing meanwhile."""


@app.command
def check(
    *,
    lots: Annotated[int, Parameter(help="Size of the entry, in lots.")] = 2,
    faults: Annotated[int, Parameter(help="How many deviations the adversary may pay for.")] = 1,
    asks: Annotated[int, Parameter(help="How often a close, a reduction or an emergency is asked for.")] = 1,
    attempts: Annotated[int, Parameter(help="Every limit of attempts in the policy.")] = 2,
    first: Annotated[str, Parameter(help="The leg that closes first: maker, taker or both.")] = "maker",
    stale_ends: Annotated[bool, Parameter(help="Whether the end of an order may be told one lot short.")] = True,
    beyond: Annotated[
        bool, Parameter(help="Whether others take our legs, the engine is cut off, questions fail.")
    ] = True,
    gone: Annotated[int, Parameter(help="1: a venue may stay away for good, at any moment.")] = 0,
    jobs: Annotated[int, Parameter(help="Processes; 0 takes one for each core.")] = 0,
    worlds: Annotated[int, Parameter(help="Give up after so many worlds.")] = 5_000_000,
    diagram: Annotated[bool, Parameter(negative=(), help="Draw each counterexample (mermaid), too.")] = False,
    planted: Annotated[bool, Parameter(negative=(), help="Search for planted bugs instead.")] = False,
    json: JsonFlag = False,
) -> int:
    """Try every misbehaviour of two venues on the shipped decisions: exhaustive within bounds, no sampling.

    One pair enters, is held, and may be asked to close, to reduce or to panic at any moment. Its own step, chart and
    policy decide; around it stand two small venues and an adversary. For nothing, it chooses the order in which the
    venues are heard, lets resting orders fill, and lets timers overtake fresh news. For one fault each it lets an IOC
    fill fewer lots or none, refuses, loses, delays or leaves unanswered an order or a cancel, loses, delays or doubles
    what a venue says, fails a question, denies knowing an order, deleverages a leg, takes of it by a trade that is not
    ours, cuts a link, or cuts off the engine. With --gone 1 a venue may stay away for good, which costs nothing.

    In every world the invariants are held: naked legs are watched (1), one intent and one outcome for each order (2),
    closing only reduces (3), exposure stays within the entry (4), an emergency is answered at once and never adds (5),
    and when faults stop every way leads to flat, hedged or an alarm (6). Exit 0: proven. Exit 1: a counterexample is
    told as a playbook, the shortest first. More faults find more and take longer: each multiplies the worlds by a
    hundred or so. Progress goes to standard error.
    """
    from engine.checking import command

    if planted:
        caught = command.planted()
        print_json(caught) if json else print(command.planted_table(caught), end="")
        return 0 if all(each.complaint for each in caught) else 1
    bounds = command.bounds_of(
        lots=lots,
        faults=faults,
        asks=asks,
        attempts=attempts,
        first=first,
        stale_ends=stale_ends,
        worlds=worlds,
        beyond=beyond,
        gone=gone,
    )
    checked = command.check(bounds, command.jobs_of(jobs))
    print_json(checked.answer) if json else print(command.told(checked, drawn=diagram), end="")
    return 1 if checked.complaints or not checked.answer.complete else 0


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
