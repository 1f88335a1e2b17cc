"""What a fault does to one message: pure sums and changes, which `transport` then performs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.simulators.faults import (
    Delay,
    DropRequest,
    Duplicate,
    Fault,
    Garble,
    Reject,
    ResetBefore,
    Restart,
    Slow,
    Status,
    Truncate,
)
from engine.simulators.pipe import WHOLE
from engine.venues.transport import HttpResponse


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a message arrives: this much later, this often more, over this long, and this much of it."""

    delay_s: float = 0.0
    copies: int = 0
    slow_s: float = 0.0
    keep: float = WHOLE


def manner_of(faults: Sequence[Fault]) -> Manner:
    """All faults of one message together."""
    return Manner(
        delay_s=sum(fault.delay_s for fault in faults if isinstance(fault, Delay)),
        copies=sum(fault.copies for fault in faults if isinstance(fault, Duplicate)),
        slow_s=sum(fault.over_s for fault in faults if isinstance(fault, Slow)),
        keep=min((fault.keep for fault in faults if isinstance(fault, Truncate)), default=WHOLE),
    )


def unexecuted(faults: Sequence[Fault]) -> bool:
    """Whether one of the faults keeps the venue from seeing or doing the request."""
    return any(
        isinstance(fault, DropRequest | Reject | ResetBefore | Restart)
        or (isinstance(fault, Status) and not fault.executed)
        for fault in faults
    )


def garbled(body: bytes, faults: Sequence[Fault]) -> bytes:
    """The body in the words the faults put into it."""
    for fault in faults:
        if isinstance(fault, Garble):
            body = body.replace(fault.find.encode(), fault.put.encode())
    return body


def status_answer(fault: Status) -> HttpResponse:
    """The answer that comes instead; header names in lower case."""
    headers = [("content-type", fault.content_type), *((name.lower(), value) for name, value in fault.headers.items())]
    if fault.retry_after_s is not None:
        headers.append(("retry-after", str(fault.retry_after_s)))
    return HttpResponse(status=fault.status, body=fault.body.encode(), headers=tuple(headers))
