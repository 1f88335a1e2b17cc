"""Keeping one venue's stream alive: connect, snapshot, subscribe, read, ping, and begin again after a loss.

The same loop for every venue; what differs (paths, frames, decoding) is the venue's `Dialogue`.
A lost link is a message, and nothing is trusted again before the snapshots have been read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec
import trio

from actors.domain import NS_PER_S, Venue
from actors.messages import FrameRefused, LinkLost, LinkUp, QuoteUpdated, VenueMessage
from engine.venues.adapter import Report
from engine.venues.budget import Budget
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
    quotes_silent_most_s: float | None = None
    """A market whose quote was told once and then not for so long, while other frames come: the stream begins anew."""
    snapshot_timeout_s: float = 15.0
    connects_per_min_most: int = 20
    """A link that comes up and is cut again must not use up what an address may open (Hyperliquid: 30 a minute)."""
    frames_per_min_most: int = 1500
    """Subscriptions and pings, over all connections (Hyperliquid: 2000 a minute)."""
    renew_after_s: float | None = None
    """Older than this, a connection is given up in a quiet moment, before the venue closes it for its age."""
    renew_most_s: float | None = None
    """Older than this, it is given up at any moment."""


NEVER_S = float("inf")
MINUTE_S = 60.0


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


class _Pace:
    """What has been opened and said within the last minute, over all connections of one link."""

    def __init__(self, limits: LinkLimits) -> None:
        self._connects = Budget(limit=limits.connects_per_min_most, window_s=MINUTE_S, reserve=0)
        self._frames = Budget(limit=limits.frames_per_min_most, window_s=MINUTE_S, reserve=0)

    async def connect(self) -> None:
        """Wait until another connection may be opened."""
        await _room(self._connects)

    async def say(self, stream: Stream, frame: bytes) -> None:
        """Send one frame, once it may be."""
        await _room(self._frames)
        await stream.send(frame)


async def _room(budget: Budget) -> None:
    wait_s = budget.wait_s(1, _clock_ns(), urgent=True)
    if wait_s:
        await trio.sleep(wait_s)
    budget.spend(1, _clock_ns(), urgent=True)


def _clock_ns() -> int:
    return int(trio.current_time() * NS_PER_S)


class _Ended(NamedTuple):
    """Why a connection ended; a planned end is no failure."""

    reason: str
    planned: bool = False


async def keep_link(
    transport: Transport,
    dialogue: Dialogue,
    report: Report,
    limits: LinkLimits,
    rng: random.Random,
    *,
    quiet: Callable[[], bool] = lambda: True,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the link for ever (until cancelled); `task_status.started()` after the first `LinkUp`.

    `quiet` says whether nothing of ours is under way: a moment in which an old connection may be renewed.
    """
    failures, announced, pace = 0, False, _Pace(limits)

    def up() -> None:
        nonlocal failures, announced
        failures = 0
        report(LinkUp(venue=dialogue.venue))
        if not announced:
            announced = True
            task_status.started()

    while True:
        await pace.connect()
        ended = await _one_connection(transport, dialogue, report, limits, up, pace, quiet)
        report(LinkLost(venue=dialogue.venue, reason=ended.reason, planned=ended.planned))
        if ended.planned:
            continue
        failures += 1
        ceiling = min(limits.backoff_most_s, limits.backoff_first_s * 2 ** min(failures - 1, 16))
        await trio.sleep(ceiling * (0.5 + 0.5 * rng.random()))


async def _one_connection(
    transport: Transport,
    dialogue: Dialogue,
    report: Report,
    limits: LinkLimits,
    up: Callable[[], None],
    pace: _Pace,
    quiet: Callable[[], bool],
) -> _Ended:
    """Live through one connection; returns why it ended."""
    opened_s = trio.current_time()

    def old() -> bool:
        age_s = trio.current_time() - opened_s
        return age_s >= (limits.renew_most_s or NEVER_S) or (age_s >= (limits.renew_after_s or NEVER_S) and quiet())

    try:
        async with transport.stream(dialogue.path) as stream:
            for frame in dialogue.greetings():
                await pace.say(stream, frame)
            with trio.fail_after(limits.snapshot_timeout_s):
                snapshot = await dialogue.snapshot()
            for message in snapshot:
                report(message)
            up()
            return await _read(stream, dialogue, report, limits, pace, old)
    except StreamClosed as closed:
        return _Ended(str(closed))
    except TransportError as failed:
        return _Ended(failed.reason)
    except trio.TooSlowError:
        return _Ended("snapshot timed out")
    except FrameError as refused:
        report(FrameRefused(venue=dialogue.venue, channel=refused.channel, detail=refused.detail))
        return _Ended(f"snapshot refused: {refused}")


async def _read(
    stream: Stream,
    dialogue: Dialogue,
    report: Report,
    limits: LinkLimits,
    pace: _Pace,
    old: Callable[[], bool],
) -> _Ended:
    """Read frames until silence or close, with a ping, and a look at the age, now and then."""
    heard_s = trio.current_time()
    quoted_s: dict[str, float] = {}
    while True:
        with trio.move_on_after(limits.ping_every_s):
            while True:
                frame = await stream.receive()
                heard_s = trio.current_time()
                for asset in _report_frame(dialogue, frame, report):
                    quoted_s[asset] = heard_s
        quiet_s = trio.current_time() - heard_s
        if quiet_s >= limits.silence_most_s:
            return _Ended(f"silent for {quiet_s:.0f} s")
        still = _standing_still(quoted_s, limits)
        if still:
            return _Ended(still)
        if old():
            return _Ended("renewed before the venue closes it for its age", planned=True)
        await pace.say(stream, dialogue.ping())


def _standing_still(quoted_s: dict[str, float], limits: LinkLimits) -> str:
    """Which market's book stands still although the stream lives; empty when none does."""
    most_s = limits.quotes_silent_most_s or NEVER_S
    now_s = trio.current_time()
    silent = [asset for asset, told_s in quoted_s.items() if now_s - told_s >= most_s]
    return f"no quote of {', '.join(silent)} for {most_s:g} s while other frames come" if silent else ""


def _report_frame(dialogue: Dialogue, frame: bytes, report: Report) -> tuple[str, ...]:
    """Report what a frame holds; returns the assets it quotes."""
    try:
        messages = dialogue.decode(frame)
    except FrameError as refused:
        report(FrameRefused(venue=dialogue.venue, channel=refused.channel, detail=refused.detail))
        return ()
    for message in messages:
        report(message)
    return tuple(message.asset for message in messages if isinstance(message, QuoteUpdated))
