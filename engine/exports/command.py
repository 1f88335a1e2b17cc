"""`perp2perp export`: a run's tables as CSV and Parquet, and CoinTracking's CSV set. Heavy imports when it is called.

Counterpart: `engine.ledger.command`, which shows the same figures on a terminal.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from engine.errors import UserError

if TYPE_CHECKING:
    from engine.exports.gathering import Gathered

Form = Literal["csv", "parquet", "both"]


def export(
    run: Annotated[Path, Parameter(help="A run's directory, as `perp2perp run` prints it last.")],
    *,
    to: Annotated[Path | None, Parameter(help="Directory to write to (needed); made if there is none.")] = None,
    form: Annotated[
        Form, Parameter(name="--format", help="csv, parquet or both; CoinTracking's files come with csv.")
    ] = "both",
    force: Annotated[bool, Parameter(negative=(), help="Write although the directory holds files already.")] = False,
    json: Annotated[bool, Parameter(negative=(), help="Print one line of JSON for programs.")] = False,
) -> int:
    """Write a run's fills, funding, fees, positions, orders and ledger as CSV (exact decimals) and Parquet.

    Parquet holds decimals as decimal128(38, 18). Positions stand at each UTC midnight and at the end, at the marks
    known then, each with its age in seconds. Realised profit is by average cost, as the venues count entry prices.
    With csv come `cointracking_<venue>.csv` for CoinTracking's import. A run that was cut off is exported up to its
    last good record, and that is said. Exit 0; 1 when the journal is damaged and the files hold a part of it; 2 for bad
    input.
    """
    from engine.exports.gathering import gather
    from engine.ledger.command import shown

    if to is None:
        raise UserError(
            f"export: say where to write, as in `perp2perp export {run} --to exports`; it is made if needed"
        )
    refuse_full(to, force=force)
    with shown("reading the journal") as show:
        gathered = gather(run, show)
    written = write_all(gathered, to, form)
    code = 1 if gathered.is_damaged else 0
    if json:
        data = {"files": {str(path): rows for path, rows in written.items()}, "notes": gathered.notes}
        print(msgspec.json.encode(data).decode(), flush=True)
        return code
    for path, rows in written.items():
        print(f"{path}: {rows} rows")
    for note in gathered.notes:
        print(f"note: {note}", file=sys.stderr)
    return code


def refuse_full(directory: Path, *, force: bool) -> None:
    """Raises UserError when there is something in the directory already, or a file in its place."""
    if directory.exists() and not directory.is_dir():
        raise UserError(f"{directory} is a file; name a directory to export to")
    if not force and directory.is_dir() and any(directory.iterdir()):
        raise UserError(f"{directory} is not empty; name another directory, or overwrite what is there with --force")


def write_all(gathered: Gathered, directory: Path, form: Form) -> dict[Path, int]:
    """Write every table in the forms asked for; how many rows each file has, in the order written."""
    from engine.exports import cointracking, csv_files, parquet_files
    from engine.exports.tables import TABLES

    directory.mkdir(parents=True, exist_ok=True)
    written: dict[Path, int] = {}
    for table in TABLES:
        rows = gathered.rows[table.name]
        if form != "parquet":
            written[csv_files.write(directory, table, rows)] = len(rows)
        if form != "csv":
            written[parquet_files.write(directory, table, rows)] = len(rows)
    if form != "parquet":
        written |= cointracking.write(directory, gathered.fills, gathered.entries)
    return written
