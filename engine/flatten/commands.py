"""`perp2perp flatten` and `perp2perp positions`. Heavy imports happen inside the commands, as in `engine.cli`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.errors import UserError
from engine.printed import print_json, print_table

if TYPE_CHECKING:
    from engine.config import Config
    from engine.flatten.scope import Scope

"""Columns when the output is no terminal: what is to be done by hand must not be folded away."""
ProfileFile = Annotated[Path, Parameter(help="The TOML profile the engine was run with.")]
JsonFlag = Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")]


def flatten(
    *,
    config: ProfileFile,
    everything: Annotated[
        bool, Parameter(name="--all", negative=(), help="Every market, and whatever else the venues show.")
    ] = False,
    pair: Annotated[
        tuple[str, ...], Parameter(negative=(), help="One market, as in lighter:ETH; may be repeated.")
    ] = (),
    run: Annotated[Path | None, Parameter(help="The markets this run last held, by its journal.")] = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Show what would be done; nothing is sent.")] = False,
    to: Annotated[
        Path | None, Parameter(help="Directory of the record; a new one beside the runs when left out.")
    ] = None,
    yes: Annotated[
        bool, Parameter(negative=(), help="Do not ask first; needed where there is no terminal to ask on.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Close everything at the venues without the engine: cancel our orders, close by reduce-only IOC, verify.

    The last resort, for an engine that hangs or is dead, or a journal that is refused: a process of its own with keys
    of its own, that can only reduce. Stop the engine first (interrupt it twice); if it lives it sees fills that are not
    its own. Afterwards `run --resume` finds everything flat. What was done stands in `flatten.jsonl` and `flatten.md`.

    Say what is to be closed by one of --all, --pair and --run; try it with --dry-run first. On a terminal it asks
    before it begins; a script has to say --yes.

    Exit 0 when the venues said that all is flat (with --dry-run: when they could all be read), 1 when anything is left
    or a venue could not be seen to, 2 when nothing was done.
    """
    from engine.flatten.report import plan, table, verdict
    from engine.flatten.run import FlattenRequest, flatten as perform

    profile = _profile(config)
    scope = _scope(profile, whole=everything, pairs=pair, run=run)
    if not (yes or dry_run):
        _confirm(scope)
    outcome, _ = perform(FlattenRequest(config=profile, scope=scope, looks=dry_run, directory=to))
    if json:
        print_json(outcome)
    else:
        print_table(plan(outcome) if dry_run else table(outcome))
        print(verdict(outcome))
    if outcome.directory:
        print(outcome.directory, file=sys.stderr if json else sys.stdout, flush=True)
    return 0 if outcome.done else 1


def positions(*, config: ProfileFile, json: JsonFlag = False) -> int:
    """Show positions and equity as the venues tell them; nothing is sent. Exit 0 when every venue could be read."""
    from engine.flatten.positions import seen, tables
    from engine.flatten.run import FlattenRequest, flatten as perform
    from engine.flatten.scope import everything

    profile = _profile(config)
    _, works = perform(FlattenRequest(config=profile, scope=everything(profile), looks=True))
    found = seen(works)
    if json:
        print_json(found)
    else:
        print_table(tables(found))
    return 0 if found.whole else 1


def _profile(path: Path) -> Config:
    from engine import config as configuration

    profile = configuration.load(path)
    configuration.refuse_unready(profile)
    if profile.run.mode == "paper":
        raise UserError(f"{path}: the venues of a paper run end with it; there is nothing to look at or to close")
    return profile


def _scope(profile: Config, *, whole: bool, pairs: tuple[str, ...], run: Path | None) -> Scope:
    from engine.flatten import scope

    if [whole, bool(pairs), run is not None].count(True) != 1:
        raise UserError("say what is to be closed: one of --all, --pair VENUE:ASSET (repeated), --run RUN")
    if run is not None:
        return scope.of_run(profile, run)
    return scope.named(profile, pairs) if pairs else scope.everything(profile)


def _confirm(scope: Scope) -> None:
    """Ask where somebody can answer. Raises UserError for any other answer than yes, and where nobody can."""
    if not sys.stdin.isatty():
        raise UserError(
            "flatten closes positions and there is no terminal to ask on: say --yes to do it, or --dry-run to see what "
            "it would do; nothing was done"
        )
    markets = ", ".join(f"{venue.value} ({', '.join(assets)})" for venue, assets in scope.markets.items())
    besides = ", and whatever else the venues show" if scope.everything else ""
    print(f"Cancels all our orders and closes all our positions on {markets}{besides}.", file=sys.stderr)
    print("Type yes to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UserError("not confirmed; nothing was done")
