"""Lines over time as inline SVG, drawn by hand: no library, no script, nothing loaded from anywhere."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

Curve = Sequence[tuple[float, float]]
"""(seconds UTC, value), in order of time."""
WIDTH, HEIGHT = 960, 280
LEFT, RIGHT, BOTTOM, TOP = 70, 14, 28, 52
"""What is kept free around the lines: values, title and legend, days."""
TITLE_Y, LEGEND_Y = 16, 36
LETTER, SWATCH, ROW = 7, 18, 16
"""Of the legend: the width of a letter, about, of a stroke, and the height of a row."""
STEPS = 5
"""From one level to the next, about so many; one more where the lowest value is no round one."""
POINTS_MOST = 900
COLORS = ("#1f5fbf", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b", "#555555", "#d35400", "#16a085")


def chart(title: str, curves: Mapping[str, Curve]) -> str:
    """One chart; curves share both axes. Empty curves are left out; none at all gives a chart that says so."""
    drawn = {name: thinned(curve) for name, curve in curves.items() if curve}
    places, below = _places(drawn)
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT + below}" role="img" aria-label="{html.escape(title)}">'
    label = f'<text x="{LEFT}" y="{TITLE_Y}" class="title">{html.escape(title)}</text>'
    if not drawn:
        return f'{head}{label}<text x="{LEFT}" y="{TOP + 20}" class="day">nothing to draw</text></svg>'
    box = _Box(drawn, TOP + below)
    return "".join((head, label, *_legend(drawn, places), *box.axes(), *_lines(drawn, box), "</svg>"))


def levels(low: float, high: float) -> list[float]:
    """Round values from at or below `low` to at or above `high`, `STEPS` or one more apart; 0 is one of them where
    it lies between."""
    high = high if high > low else low + 1
    power = 10.0 ** math.floor(math.log10((high - low) / STEPS))
    step = next(each * power for each in (1, 2, 2.5, 5, 10, 20) if high - low <= each * power * STEPS)
    return [step * number for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def thinned(curve: Curve) -> Curve:
    """At most `POINTS_MOST` points: of each stretch its least and its most, so that no fall is lost."""
    if len(curve) <= POINTS_MOST:
        return curve
    size = -(-len(curve) // (POINTS_MOST // 2))
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(curve), size):
        part = curve[begin : begin + size]
        ends = (min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1]))
        kept += sorted(dict.fromkeys(ends))
    return kept


class _Box:
    """Where a value and a time are in the picture."""

    def __init__(self, curves: Mapping[str, Curve], top: int) -> None:
        self.top = top
        times = [at for curve in curves.values() for at, _ in curve]
        values = [0.0, *(value for curve in curves.values() for _, value in curve)]
        self.first, self.last = min(times), max(*times, min(times) + 1)
        self.levels = levels(min(values), max(values))

    def x(self, at: float) -> float:
        return LEFT + (at - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.levels[0], self.levels[-1]
        return self.top + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def axes(self) -> list[str]:
        """The levels with the zero line, and five days."""
        marks = []
        for value in self.levels:
            y, kind = self.y(value), "grid" if value else "zero"
            marks.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="{kind}"/>')
            marks.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="value">{_figure(value)}</text>')
        for part in range(5):
            at = self.first + (self.last - self.first) * part / 4
            day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
            kind = "day" if 0 < part < 4 else ("day last" if part else "day first")
            marks.append(f'<text x="{self.x(at):.1f}" y="{self.top + HEIGHT - TOP - 8}" class="{kind}">{day}</text>')
        return marks


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def _places(curves: Mapping[str, Curve]) -> tuple[list[tuple[int, int]], int]:
    """Where each name of the legend begins, in rows, and how much further down the lines begin for them; one line
    alone is named by the title."""
    places: list[tuple[int, int]] = []
    x, y = LEFT, LEGEND_Y
    for name in curves if len(curves) > 1 else ():
        width = SWATCH + LETTER * (len(name) + 4)
        if x + width > WIDTH and x > LEFT:
            x, y = LEFT, y + ROW
        places.append((x, y))
        x += width
    return places, y - LEGEND_Y


def _legend(curves: Mapping[str, Curve], places: Sequence[tuple[int, int]]) -> list[str]:
    """A stroke and a name each."""
    drawn = []
    for number, (name, (x, y)) in enumerate(zip(curves, places, strict=False)):
        ends = f'x1="{x}" x2="{x + SWATCH}" y1="{y - 4}" y2="{y - 4}"'
        drawn.append(f'<line {ends} stroke="{_color(number)}" stroke-width="3"/>')
        drawn.append(f'<text x="{x + SWATCH + 5}" y="{y}" class="name">{html.escape(name)}</text>')
    return drawn


def _lines(curves: Mapping[str, Curve], box: _Box) -> list[str]:
    drawn = []
    for number, curve in enumerate(curves.values()):
        points = " ".join(f"{box.x(at):.1f},{box.y(value):.1f}" for at, value in curve)
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{_color(number)}" stroke-width="1.5"/>')
    return drawn
