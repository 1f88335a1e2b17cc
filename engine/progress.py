"""Live progress on standard error while a run goes: market time, pairs with their states, money."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine.config import Config
from engine.view import EngineView

DRAW_EVERY_S = 0.25
LINE_EVERY_S = 10.0
ROWS_MOST = 12


@contextmanager
def progress(config: Config) -> Iterator[Callable[[EngineView], None]]:
    """A function to show views with: a live table on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    duration_s = config.policy.lifecycle.duration_s
    begun: list[int] = []

    def share(seen: EngineView) -> float:
        begun.append(seen.at_ns) if not begun else None
        return min(1.0, (seen.at_ns - begun[0]) / 1e9 / duration_s) if duration_s else 1.0

    if not console.is_terminal:
        yield _throttled(lambda seen: console.print(_line(seen, share(seen)), highlight=False), LINE_EVERY_S)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield _throttled(lambda seen: live.update(_picture(seen, share(seen)), refresh=True), DRAW_EVERY_S)


def _throttled(show: Callable[[EngineView], None], every_s: float) -> Callable[[EngineView], None]:
    """Call through at most so often (real time)."""
    last_s = [time.monotonic() - every_s]

    def maybe(seen: EngineView) -> None:
        now_s = time.monotonic()
        if now_s - last_s[0] >= every_s:
            last_s[0] = now_s
            show(seen)

    return maybe


def _time(seen: EngineView) -> str:
    return datetime.fromtimestamp(seen.at_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _line(seen: EngineView, share: float) -> str:
    open_pairs = [pair for pair in seen.pairs if not pair.state.startswith("CLOSED")]
    net = sum(float(pair.net_usd) for pair in seen.pairs)
    states = ", ".join(f"{pair.asset} {pair.state}" for pair in open_pairs) or "no pair open"
    return f"{share:4.0%} {_time(seen)} {seen.messages} messages, net {net:.2f} USD; {states}"


def _picture(seen: EngineView, share: float) -> Group:
    drawn = Table(expand=False)
    for title in ("pair", "state", "legs", "funding", "fees", "net"):
        drawn.add_column(title, justify="right" if title in ("funding", "fees", "net") else "left")
    for pair in seen.pairs[-ROWS_MOST:]:
        legs = " ".join(f"{leg.venue[:4]} {leg.position}" for leg in pair.legs)
        money = (f"{pair.funding_usd:.2f}", f"{pair.fees_usd:.2f}", f"{pair.net_usd:.2f}")
        drawn.add_row(pair.pair.partition("/")[2], pair.state, legs, *money)
    head = Text(f"{_time(seen)}  {seen.lifecycle}  {seen.messages} messages  {sum(seen.orders.values())} orders")
    return Group(head, Padding(ProgressBar(total=1.0, completed=share, width=60)), drawn)
