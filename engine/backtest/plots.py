"""Lines over time as inline SVG, drawn by hand: no library, no script, nothing loaded from anywhere."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

Curve = Sequence[tuple[float, float]]
"""(seconds UTC, value), in order of time."""
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 900, 260, 70, 30, 24
POINTS_MOST = 900
COLORS = ("#1f5fbf", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b", "#555555", "#d35400", "#16a085")


def chart(title: str, curves: Mapping[str, Curve]) -> str:
    """One chart; curves share both axes. Empty curves are left out; none at all gives a chart that says so."""
    drawn = {name: thinned(curve) for name, curve in curves.items() if curve}
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">'
    label = f'<text x="{LEFT}" y="14" class="title">{html.escape(title)}</text>'
    if not drawn:
        return f'{head}{label}<text x="{LEFT}" y="60">nothing to draw</text></svg>'
    box = _Box(drawn)
    return "".join((head, label, *box.axes(), *_lines(drawn, box), "</svg>"))


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

    def __init__(self, curves: Mapping[str, Curve]) -> None:
        times = [at for curve in curves.values() for at, _ in curve]
        values = [0.0, *(value for curve in curves.values() for _, value in curve)]
        self.first, self.last = min(times), max(*times, min(times) + 1)
        self.low, self.high = min(values), max(values)
        if self.low == self.high:
            self.high = self.low + 1

    def x(self, at: float) -> float:
        return LEFT + (at - self.first) / (self.last - self.first) * (WIDTH - LEFT - 10)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    def axes(self) -> list[str]:
        """Four levels with the zero line, and five days."""
        marks = []
        for value in sorted({self.low: None, 0.0: None, (self.low + self.high) / 2: None, self.high: None}):
            y, kind = self.y(value), "zero" if not value else "grid"
            marks.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" class="{kind}"/>')
            marks.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="value">{value:,.0f}</text>')
        for part in range(5):
            at = self.first + (self.last - self.first) * part / 4
            day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
            marks.append(f'<text x="{self.x(at):.1f}" y="{HEIGHT - 12}" class="day">{day}</text>')
        return marks


def _lines(curves: Mapping[str, Curve], box: _Box) -> list[str]:
    drawn = []
    for number, (name, curve) in enumerate(curves.items()):
        color = COLORS[number % len(COLORS)]
        points = " ".join(f"{box.x(at):.1f},{box.y(value):.1f}" for at, value in curve)
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.3"/>')
        x = LEFT + 250 + 150 * (number % 4)
        drawn.append(f'<text x="{x}" y="{14 + 12 * (number // 4)}" fill="{color}">{html.escape(name)}</text>')
    return drawn
