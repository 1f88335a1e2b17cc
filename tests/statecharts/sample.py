"""A small chart with everything a chart can have: boxes, timers, guards both ways, rows that stay, a final state.

`changed` makes malformed variants of it, one change at a time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from statecharts.chart import Chart, Ignored, Row, State

SAMPLE = Chart(
    name="kettle",
    doc="A kettle: it is filled, it boils, it is poured.",
    initial="COLD",
    states=(
        State(name="COLD", doc='Stands on the shelf; "cold": nobody waits.'),
        State(
            name="HOT.warming",
            doc="The coil is on. It hums.",
            timers=("too_long", "look"),
            enter=("switch_on", "note"),
            holds=("coil_is_on",),
            may_hold_leg=True,
        ),
        State(name="HOT.boiling", doc="It boils.", timers=("too_long",), may_hold_leg=True, enter=("whistle",)),
        State(name="POURED", doc="Empty."),
    ),
    triggers=("Filled", "Measured", "Unplugged", "timer:too_long", "timer:look"),
    rows=(
        Row(id="K1", source=("COLD",), on="Filled", when=("enough", "!lid_open"), do=("close_lid",), to="HOT.warming"),
        Row(id="K2", source=("COLD",), on="Filled", when=("enough",), do=("ask_for_lid",), why="nobody likes steam"),
        Row(id="K3", source=("COLD",), on="Filled", do=("ask_for_water",)),
        Row(id="K4", source=("HOT.warming",), on="Measured", when=("bubbles",), to="HOT.boiling"),
        Row(id="K5", source=("HOT.*",), on="Measured", do=("note",)),
        Row(id="K6", source=("HOT.*",), on="Unplugged", do=("switch_off", "note"), to="POURED"),
        Row(id="K7", source=("HOT.*",), on="timer:too_long", do=("switch_off",), to="POURED"),
        Row(id="K8", source=("HOT.warming",), on="timer:look", to="=", why="a watched kettle"),
    ),
    ignored=(
        Ignored(source=("*",), on=("Filled", "timer:look"), why="already | full"),
        Ignored(source=("COLD", "POURED"), on=("Measured", "Unplugged", "timer:too_long"), why="nothing is hot"),
    ),
    final=("POURED",),
)


def changed(**fields: Any) -> Chart:
    """The sample with some fields of the chart replaced."""
    return msgspec.structs.replace(SAMPLE, **fields)


def with_row(row_id: str, **fields: Any) -> Chart:
    """The sample with one row changed."""
    return changed(
        rows=tuple(msgspec.structs.replace(row, **fields) if row.id == row_id else row for row in SAMPLE.rows)
    )


def with_state(name: str, **fields: Any) -> Chart:
    """The sample with one state changed."""
    return changed(
        states=tuple(
            msgspec.structs.replace(state, **fields) if state.name == name else state for state in SAMPLE.states
        )
    )
