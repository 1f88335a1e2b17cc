"""Keeping one venue's stream alive: connect, snapshot, subscribe, read, ping, and begin again after a loss.

The same loop for every venue; what differs (paths, frames, decoding) is the venue's `Dialogue`.
A lost link is a message, and nothing is trusted again before the snapshots have been read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import msgspec
import trio

from actors.domain import Venue
from actors.messages import FrameRefused, LinkLost, LinkUp, VenueMessage
from engine.venues.adapter import Report
from engine.venues.transport import Stream, StreamClosed, Transport, TransportError


class FrameError(Exception):
    """A payload that must not be used: malformed, of the wrong type, or with an unknown enum value."""

    def __init__(self, channel: str, detail: str) -> None:
        super().__init__(f"{channel}: {detail}")
        self.channel = channel
        self.detail = detail


class LinkLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the link loop, seconds."""

    backoff_first_s: float = 0.5
    backoff_most_s: float = 30.0
    ping_every_s: float = 45.0
    """Between two pings, also while frames arrive: a venue may mean ours when it closes what is idle for 60 s."""
    silence_most_s: float = 100.0
    snapshot_timeout_s: float = 15.0


class Dialogue(Protocol):
    """A venue's half of the link: what to say, and how to read the answers."""

    venue: Venue
    path: str

    def greetings(self) -> tuple[bytes, ...]:
        """Subscription frames to send after connecting, in order."""

    def ping(self) -> bytes:
        """The venue's keep-alive frame."""

    async def snapshot(self) -> tuple[VenueMessage, ...]:
        """Read what must be known before the link counts as up (instruments, positions, missed fills).

        Raises `TransportError` or `FrameError`.
        """

    def decode(self, frame: bytes) -> tuple[VenueMessage, ...]:
        """Messages in one frame (none for acks and pongs). Raises `FrameError`."""


async def keep_link(
    transport: Transport,
    dialogue: Dialogue,
    report: Report,
    limits: LinkLimits,
    rng: random.Random,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the link for ever (until cancelled); `task_status.started()` after the first `LinkUp`."""
    failures, announced = 0, False

    def up() -> None:
        nonlocal failures, announced
        failures = 0
        report(LinkUp(venue=dialogue.venue))
        if not announced:
            announced = True
            task_status.started()

    while True:
        reason = await _one_connection(transport, dialogue, report, limits, up)
        report(LinkLost(venue=dialogue.venue, reason=reason))
        failures += 1
        ceiling = min(limits.backoff_most_s, limits.backoff_first_s * 2 ** min(failures - 1, 16))
        await trio.sleep(ceiling * (0.5 + 0.5 * rng.random()))


async def _one_connection(
    transport: Transport, dialogue: Dialogue, report: Report, limits: LinkLimits, up: Callable[[], None]
) -> str:
    """Live through one connection; returns why it ended."""
    try:
        async with transport.stream(dialogue.path) as stream:
            for frame in dialogue.greetings():
                await stream.send(frame)
            with trio.fail_after(limits.snapshot_timeout_s):
                snapshot = await dialogue.snapshot()
            for message in snapshot:
                report(message)
            up()
            return await _read(stream, dialogue, report, limits)
    except StreamClosed as closed:
        return str(closed)
    except TransportError as failed:
        return failed.reason
    except trio.TooSlowError:
        return "snapshot timed out"
    except FrameError as refused:
        report(FrameRefused(venue=dialogue.venue, channel=refused.channel, detail=refused.detail))
        return f"snapshot refused: {refused}"


async def _read(stream: Stream, dialogue: Dialogue, report: Report, limits: LinkLimits) -> str:
    """Read frames until silence or close, with a ping now and then."""
    heard_s = trio.current_time()
    while True:
        with trio.move_on_after(limits.ping_every_s):
            while True:
                frame = await stream.receive()
                heard_s = trio.current_time()
                _report_frame(dialogue, frame, report)
        quiet_s = trio.current_time() - heard_s
        if quiet_s >= limits.silence_most_s:
            return f"silent for {quiet_s:.0f} s"
        await stream.send(dialogue.ping())


def _report_frame(dialogue: Dialogue, frame: bytes, report: Report) -> None:
    try:
        messages = dialogue.decode(frame)
    except FrameError as refused:
        report(FrameRefused(venue=dialogue.venue, channel=refused.channel, detail=refused.detail))
        return
    for message in messages:
        report(message)
