"""What `perp2perp backtest` takes on the command line, and its help. Counterpart: `command`, imported when called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter


def backtest(
    *,
    data: Annotated[
        list[Path], Parameter(consume_multiple=True, negative=(), help="Recorded histories: directories or files.")
    ],
    first: Annotated[str, Parameter(name="--from", help="First day, as in 2023-06-10 (UTC).")],
    last: Annotated[str, Parameter(name="--to", help="The day after the last one.")],
    venues: Annotated[str | None, Parameter(help="Whose rates, as in hyperliquid,binance.")] = None,
    as_: Annotated[
        str | None, Parameter(name="--as", help="Who plays a venue that is not simulated: binance=pacifica.")
    ] = None,
    assets: Annotated[str | None, Parameter(help="As in BTC,ETH; else those of the profile.")] = None,
    config: Annotated[Path | None, Parameter(help="A TOML profile; config/backtest.toml when left out.")] = None,
    grid: Annotated[Path | None, Parameter(help="Parameter sets (TOML): policy fields and their values.")] = None,
    jobs: Annotated[int, Parameter(help="Processes; 0 for one for each core. Changes no result.")] = 0,
    walk_forward: Annotated[
        str | None, Parameter(help="Days TRAIN:TEST, as in 90:30: choose on the one, report on the other.")
    ] = None,
    held_out: Annotated[
        bool, Parameter(negative=(), help="Let parameters be chosen on data that is kept for the last word.")
    ] = False,
    out: Annotated[Path | None, Parameter(help="Directory for report and journals; `backtests` when left out.")] = None,
    journals: Annotated[bool, Parameter(negative=(), help="Keep every run's journal; else a single run's.")] = False,
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")] = False,
) -> int:
    """Run the engine on recorded histories: real adapters and wires against simulated venues that pay what was paid.

    A price is the open of its hour and stands still until the next; the rate shown is the last one known; an hour that
    one venue did not record counts for none. A venue without prices borrows those of another source, which makes the
    basis zero; the report says so, as it does of histories under 60 days, missing hours and stand-ins.

    A grid is a TOML file: under [grid] fields of the policy with lists of values, all combinations of which are run; or
    [[sets]] with a name and one value a field. Fields are named as in `scanner.horizon_h`. Each set is a run of the
    engine in a process of its own; one that fails is named and costs no other.

    With --walk-forward the set with the best net on TRAIN days is run on the TEST days after them; only those count.
    ETH of 2024 and everything of 2026 are held out: nothing is chosen on them without --held-out, which is told.

    The report (report.html, report.md, report.json) compares with three rules on the same hours and fees: flat, static
    (the side that paid on average in the train days, held) and naive (short the higher rate, every hour). Exit 0: every
    run ended. Exit 1: one failed, or left something open. Exit 2: bad input.
    """
    from engine.backtest import command, request

    asked = request.asked_of(
        data=tuple(data),
        first=first,
        last=last,
        venues=venues,
        stand_ins=as_,
        assets=assets,
        profile=config,
        grid=grid,
        jobs=jobs,
        walk_forward=walk_forward,
        held_out=held_out,
        out=out,
        journals=journals,
    )
    answer = command.backtest(asked)
    if json:
        sys.stdout.write(msgspec.json.encode(answer.report, enc_hook=str).decode() + "\n")
    else:
        sys.stdout.write(answer.words)
    return answer.exit_code
