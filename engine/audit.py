"""Explains a run from its journal: how often each row was taken, why each order was sent and what became of it.

Needs neither trio nor venues. Reasons come from the charts. Counterparts: `engine.trace`, which gathers what an
explanation tells; `statecharts.render`, which shows the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import msgspec

from actors.actor import STALE_TIMER
from actors.domain import NS_PER_S
from actors.messages import OrderMessage
from actors.pair_position.books import step_order
from actors.pair_position.state import PairPosition
from actors.roles import ROLES, role_name
from engine.core import Core
from engine.errors import UserError
from engine.holdings import holdings
from engine.journal.reader import read
from engine.journal.record import StepRecord
from engine.replay import build_core
from engine.trace import OrderLife, Trace, trace
from statecharts.chart import Chart, expand
from statecharts.drawing.words import IGNORED, guard_words

OWN_REASONS = {
    "noted": "folded into the board",
    STALE_TIMER: "a timer that is no longer armed; set aside",
    "fault": "the step raised; the actor keeps its last good state",
    "quarantined": "the actor faulted too often; nothing is delivered to it",
    "no_such_actor": "there is no such actor",
}
"""Rows that stand in no chart."""


def row_counts(path: Path) -> dict[str, dict[str, int]]:
    """{chart: {row: how often it was taken}}; every chart is there, also when nothing of it ran.

    The rows of the `order` chart stand in no record: the run is replayed, and each order's steps are seen in it.
    """
    counts: dict[str, Counter[str]] = {role.chart.name: Counter() for role in ROLES.values()}
    counts["order"] = Counter()
    charts = {name: counts[role.chart.name] for name, role in ROLES.items()}
    reader = read(path)
    core = build_core(reader.header)
    for record in reader:
        counts["order"].update(_order_rows(core, record))
        core.step(record.envelope)
        if role_name(record.to) in charts:
            charts[role_name(record.to)][record.row] += 1
    return {chart: dict(rows) for chart, rows in counts.items()}


def _order_rows(core: Core, record: StepRecord) -> tuple[str, ...]:
    """The row of the `order` chart a record takes, when it tells a pair of one of its orders."""
    state, message = core.states.get(record.to), record.message
    if not isinstance(state, PairPosition) or not isinstance(message, get_args(OrderMessage)):
        return ()
    order = next((order for order in state.orders if order.id == message.order_id), None)
    return () if order is None else (step_order(order, message, record.at_ns)[1],)


def explain(path: Path, subject: str) -> str:
    """Tell an order (client order id), a pair (`DOGE-1`) with what its legs hold, or another actor from the journal.

    Raises UserError when nothing is recorded of it.
    """
    told = trace(path, subject)
    if not told.entries and not told.orders:
        told = trace(path, f"pair_position/{subject}")
    if not told.entries and not told.orders:
        raise UserError(
            f"{path}: nothing is recorded of {subject!r}; name a client order id, a pair of the report such as "
            "DOGE-1, or an actor such as risk"
        )
    legs = list(holdings(path, told.subject))
    return render_trace(told) + "".join(f"{line}\n" for line in (["", "Legs at the end", *legs] if legs else []))


def render_trace(told: Trace) -> str:
    """The trace as text, in the order in which it happened."""
    lines = [f"{told.subject} in {told.path}"]
    if not told.entries and not told.orders:
        return f"{lines[0]}: nothing is recorded of it; name a client order id or an actor\n"
    if told.changed_charts:
        lines.append(f"charts changed since the run, reasons are today's: {', '.join(told.changed_charts)}")
    if told.causes:
        lines += ["", "What led to it"]
        lines += [line for record in told.causes for line in _entry(record)]
    lines += ["", "What happened"]
    lines += _folded(told.entries)
    if told.quiet:
        lines.append(
            f"{told.quiet} more messages were only counted in the books (fills, funding, reports) or changed nothing"
        )
    lines += ["", f"Orders: {len(told.orders)}"]
    lines += [line for life in told.orders for line in _order(life)]
    return "\n".join(lines) + "\n"


def _folded(entries: tuple[StepRecord, ...]) -> Iterator[str]:
    """Every entry; what repeats itself, the same row staying where it is, is told once and counted."""
    for _, group in groupby(entries, key=lambda record: (record.to, record.row, record.source, record.place)):
        first, *others = group
        yield from _entry(first)
        if others and first.source == first.place:
            last = others[-1]
            yield f"  ... and the same {len(others)} times more, the last at seq {last.seq} at {utc(last.at_ns)}"
        else:
            for record in others:
                yield from _entry(record)


def _entry(record: StepRecord) -> Iterator[str]:
    cause = f", sent by seq {record.cause}" if record.cause else ""
    yield f"seq {record.seq} at {utc(record.at_ns)}, to {record.to}{cause}"
    yield f"  message  {words(record.message)}"
    yield f"  row      {record.row}: {_move(record)}{reason(record.to, record.row)}"
    for command in record.commands:
        yield f"  command  {words(command)}"
    for denied in record.denied:
        yield f"  denied   {words(denied)}"
    if record.fault:
        yield f"  fault    {record.fault}"


def _move(record: StepRecord) -> str:
    return f"stays in {record.place}" if record.source == record.place else f"{record.source} → {record.place}"


def reason(actor: str, row: str) -> str:
    """The row's guards and its reason as today's chart has them; empty where it gives none."""
    role = ROLES.get(role_name(actor))
    if row in OWN_REASONS or role is None:
        return _because(OWN_REASONS.get(row, ""))
    if row.startswith(IGNORED):
        return _because(_ignored_reason(role.chart, row))
    found = [known for known in role.chart.rows if known.id == row]
    if not found:
        return _because("a row that today's chart does not have")
    guards = f", if {guard_words(found[0].when)}" if found[0].when else ""
    return guards + _because(found[0].why)


def _because(why: str) -> str:
    return f" — {why}" if why else ""


def _ignored_reason(chart: Chart, row: str) -> str:
    _, place, trigger = row.split(":", 2)
    return _ignored(chart.name).get((place, trigger), "")


@cache
def _ignored(name: str) -> dict[tuple[str, str], str]:
    """Why a cell is ignored, by state and trigger; the first mention counts, as in the compiled table."""
    reasons: dict[tuple[str, str], str] = {}
    chart = next(role.chart for role in ROLES.values() if role.chart.name == name)
    for ignored in chart.ignored:
        for place in expand(chart, ignored.source):
            for trigger in ignored.on:
                reasons.setdefault((place, trigger), ignored.why)
    return reasons


def _order(life: OrderLife) -> Iterator[str]:
    yield f"order {life.order_id} of {life.actor}, intended at seq {life.intent_seq}"
    if life.submitted is not None:
        order = life.submitted
        asked = f"{order.side.value} {order.size} {order.asset} on {order.venue.value}, limit {order.limit_price}"
        manner = f"{order.time_in_force.value}{', reduce-only' if order.reduce_only else ''}, for {order.purpose}"
        yield f"  asked    {asked}, {manner}"
    at = f" at seq {life.outcome_seq}" if life.outcome_seq else ""
    yield f"  outcome  {life.outcome}{at}"
    if life.filled:
        price = "" if life.average_price is None else f" at {life.average_price:f} on average"
        yield f"  filled   {life.filled}{price}, fees {life.fees_usd} USD, {len(life.fills)} fills seen"


def utc(at_ns: int) -> str:
    """The time as people read it, to the millisecond."""
    second, ns = divmod(at_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(second, tz=UTC):%Y-%m-%d %H:%M:%S}.{ns // 1_000_000:03d}Z"


def words(struct: msgspec.Struct) -> str:
    """`Name field=value …`, leaving out what has its default."""
    told = []
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        if value != field.default:
            told.append(f"{field.name}={_value(value)}")
    return " ".join((type(struct).__name__, *told))


def _value(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        return f"({words(value)})"
    return repr(value) if isinstance(value, str) and " " in value else str(value)
