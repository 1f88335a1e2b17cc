"""What is shown on standard error while a run goes: alarms as they come, market time, pairs with their states, money.

A terminal has a live picture with the alarms above it; anything else gets a line a record, never folded. Whatever
happens to standard error, the run goes on without it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from actors.domain import NS_PER_S, ZERO
from engine.alarms import Alarm
from engine.view import EngineView, PairView

DRAW_EVERY_S = 0.25
LINE_EVERY_S = 10.0
ROWS_MOST = 12
STYLES = {"critical": "bold red", "warning": "yellow", "info": "dim"}


class Progress:
    """Where a run is shown. Call it with a view; tell it alarms and notes. `print_line` takes one line and its style,
    `draw`, where there is one, a picture in place of the last."""

    def __init__(
        self,
        print_line: Callable[[str, str], None],
        draw: Callable[[RenderableType], None] | None = None,
    ) -> None:
        self._print_line, self._draw = print_line, draw
        self._every_s = LINE_EVERY_S if draw is None else DRAW_EVERY_S
        self._shown_s = time.monotonic() - self._every_s
        self._gone = False

    def __call__(self, seen: EngineView) -> None:
        """Show a view, if it is time (real time) for another."""
        now_s = time.monotonic()
        if now_s - self._shown_s < self._every_s:
            return
        self._shown_s = now_s
        if self._draw is None:
            self._try(lambda: self._print_line(line(seen, share(seen)), ""))
        else:
            picture, draw = _picture(seen, share(seen)), self._draw
            self._try(lambda: draw(picture))

    def alarm(self, alarm: Alarm) -> None:
        """One line for an alarm that is new, or over."""
        style = STYLES[alarm.severity] if not alarm.resolved_ns else "green"
        self._try(lambda: self._print_line(alarm_line(alarm), style))

    def note(self, note: str) -> None:
        """One line for what a person should know before the run begins."""
        self._try(lambda: self._print_line(f"note: {note}", ""))

    def _try(self, show: Callable[[], None]) -> None:
        """A reader that has gone, or a terminal that was closed, must not cost a run that holds positions."""
        if self._gone:
            return
        try:
            show()
        except (OSError, ValueError, SystemExit):  # rich leaves by SystemExit when its reader has gone
            self._gone = True


def share(seen: EngineView) -> float:
    """How much of its time a run has had, 0 to 1; one that is gone on with stands where it was cut off."""
    if not seen.duration_s:
        return 1.0
    return min(1.0, (seen.at_ns - seen.begun_ns) / NS_PER_S / seen.duration_s)


@contextmanager
def progress() -> Iterator[Progress]:
    """A run's place on standard error: a live picture on a terminal, lines elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Progress(_plain_line)
        return
    live = Live(console=console, auto_refresh=False, transient=True)
    live.start()
    try:
        yield Progress(
            lambda text, style: live.console.print(Text(text, style=style)),
            lambda picture: live.update(picture, refresh=True),
        )
    finally:
        with suppress(OSError, SystemExit):
            live.stop()


def _plain_line(text: str, _: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _time(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S")


def alarm_line(alarm: Alarm) -> str:
    """Severity, code, text and the venues' time; of one that is over, when it was raised."""
    if alarm.resolved_ns:
        return f"{_time(alarm.resolved_ns)} resolved {alarm.code}: {alarm.text} (since {_time(alarm.at_ns)})"
    return f"{_time(alarm.at_ns)} {alarm.severity} {alarm.code}: {alarm.text}"


def line(seen: EngineView, part: float) -> str:
    """A view in one line. Money is what would be left if all that is open were closed now, by the books as told."""
    open_pairs = [pair for pair in seen.pairs if not pair.state.startswith("CLOSED")]
    states = ", ".join(f"{pair.asset} {pair.state}" for pair in open_pairs) or "no pair open"
    return f"{part:4.0%} {_time(seen.at_ns)} {seen.messages} messages, {_net(seen.pairs)}; {states}"


def _net(pairs: tuple[PairView, ...]) -> str:
    """The net if all were closed now, and what that costs; where books to close at are missing, old, or of two times,
    no net: what the open legs were entered for would stand in it as if it were earned."""
    nets = [pair.net_if_closed_usd for pair in pairs]
    known = [net for net in nets if net is not None]
    if len(known) < len(nets):
        earned = f"funding {_usd(sum(pair.funding_usd for pair in pairs))} USD"
        paid = f"fees {_usd(sum(pair.fees_usd for pair in pairs))}"
        return f"{earned}, {paid}; net not measured (quotes are missing, old, or of two times)"
    leaving = sum((pair.flat_cost_usd or ZERO for pair in pairs), ZERO)
    cost = f" (being flat costs {_usd(leaving)})" if leaving else ""
    return f"net if closed now {_usd(sum(known))} USD{cost}"


def _usd(value: object) -> str:
    return f"{value:.2f}"


def _picture(seen: EngineView, part: float) -> Group:
    drawn = Table(expand=False)
    for title in ("pair", "state", "legs", "funding", "fees", "being flat costs", "net if closed now"):
        drawn.add_column(title, justify="left" if title in ("pair", "state", "legs") else "right")
    for pair in seen.pairs[-ROWS_MOST:]:
        legs = " ".join(f"{leg.venue[:4]} {leg.position}" for leg in pair.legs)
        net = "not measured" if pair.net_if_closed_usd is None else _usd(pair.net_if_closed_usd)
        leaving = "not measured" if pair.flat_cost_usd is None else _usd(pair.flat_cost_usd)
        money = (_usd(pair.funding_usd), _usd(pair.fees_usd), leaving, net)
        drawn.add_row(pair.pair.partition("/")[2], pair.state, legs, *money)
    orders = sum(seen.orders.values())
    head = f"{_time(seen.at_ns)}  {seen.lifecycle}  {seen.messages} messages  {orders} orders  {_net(seen.pairs)}"
    return Group(Text(head), Padding(ProgressBar(total=1.0, completed=part, width=60)), drawn)
