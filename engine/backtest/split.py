"""Walk-forward windows: choose on the train days, report on the test days after them, then both move on by the test."""

from __future__ import annotations

import msgspec

from engine.errors import UserError
from engine.simulators.market import Span

DAY_NS = 86_400 * 1_000_000_000


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Train and the test that follows it at once."""

    train: Span
    test: Span


def windows_of(text: str, span: Span) -> tuple[Window, ...]:
    """The windows of TRAIN:TEST days within a span; the last test may be shorter. Raises UserError."""
    train_text, colon, test_text = text.partition(":")
    try:
        train, test = int(train_text), int(test_text)
    except ValueError:
        train = test = 0
    if not colon or train <= 0 or test <= 0:
        raise UserError(f"--walk-forward {text!r}: give days TRAIN:TEST, as in 90:30")
    windows = []
    begin_ns = span.from_ns
    while begin_ns + train * DAY_NS < span.to_ns:
        middle_ns = begin_ns + train * DAY_NS
        end_ns = min(middle_ns + test * DAY_NS, span.to_ns)
        windows.append(Window(train=Span(begin_ns, middle_ns), test=Span(middle_ns, end_ns)))
        begin_ns += test * DAY_NS
        if end_ns == span.to_ns:
            break
    if not windows:
        raise UserError(f"--walk-forward {text}: the days asked for end before the first {train} train days do")
    return tuple(windows)
