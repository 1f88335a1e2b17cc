"""Signatures from another process: the engine never holds the key. Counterpart: `child`; both ends of `frames`.

Whatever goes wrong here, nothing was signed that anybody has: SigningRefused, so nothing may be sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec
import trio

from actors.commands import RaiseAlarm
from engine.errors import UserError
from engine.signing.frames import Answer, Ask, Failed, FrameTooLong, Granted, Hello, Refused, Start, framed
from engine.signing.law import Caps
from engine.signing.link import COMMAND, Link, LinkEnded, start_process
from engine.signing.settings import SigningSettings
from engine.signing.venues import signed_type
from engine.venues.signing import SigningRefused, SignRequest

_ANSWER: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_GREETING = msgspec.json.Decoder(Hello | Failed)
NO_PROCESS = "the signing process is not running"


class SigningFailed(UserError):
    """A signing process that could not begin; the text says why, and what to do."""


class Counts(msgspec.Struct):
    """What became of the requests. `late`: signatures that came after their time and were dropped."""

    signed: int = 0
    refused: int = 0
    unanswered: int = 0
    late: int = 0
    restarts: int = 0


class _Waiting:
    """Somebody who asked. Without an answer when the time is up, `failed` says why if it is known."""

    __slots__ = ("answer", "answered", "failed")

    def __init__(self) -> None:
        self.answered = trio.Event()
        self.answer: Answer | None = None
        self.failed = ""


class SigningProcess:
    """`async with SigningProcess(...) as signing` is a `Signing` of that venue; the process lives as long.

    Entering raises SigningFailed. `alarm` hears of a process that ended by itself: it is begun again, up to
    `restarts_most` times, and finds on disk what the last one let open; requests are refused meanwhile.
    """

    def __init__(
        self,
        caps: Caps,
        key_path: Path,
        alarm: Callable[[RaiseAlarm], None],
        settings: SigningSettings | None = None,
        *,
        password_path: Path | None = None,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self.account = caps.account
        self.address = ""
        self.counts = Counts()
        self._caps, self._alarm, self._command = caps, alarm, command
        self._settings = settings or SigningSettings()
        self._ending_s = 2 * self._settings.stop_timeout_s  # to end by itself, and as long again once it was killed
        self._key_path = str(key_path.absolute())
        self._password_path = None if password_path is None else str(password_path.absolute())
        self._signed: msgspec.json.Decoder[Any] = msgspec.json.Decoder(signed_type(caps.venue))
        self._link: Link | None = None
        self._running = trio.Event()
        self._waiting: dict[int, _Waiting] = {}
        self._last_id = 0
        self._life: AbstractAsyncContextManager[None] | None = None

    async def __aenter__(self) -> SigningProcess:
        self._life = self._alive()
        await self._life.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._life is not None
        return await self._life.__aexit__(kind, error, trace)

    async def until_running(self) -> None:
        """Wait for the process to be there again; for ever when it is not begun any more."""
        await self._running.wait()

    # asking

    async def sign(self, request: SignRequest, /) -> Any:
        """The venue's signature. Raises SigningRefused: refused there, too late, or nobody there."""
        waiting = await self._ask(request)
        match waiting.answer:
            case Granted(signed=raw):
                return self._read(raw)
            case Refused(reason=reason):
                self.counts.refused += 1
                raise SigningRefused(reason)
            case None:
                self.counts.unanswered += 1
                raise SigningRefused(waiting.failed or f"no answer within {self._settings.timeout_s} s")

    async def _ask(self, request: SignRequest) -> _Waiting:
        """Send a request and wait; what came of it stands in what is returned."""
        waiting = _Waiting()
        if self._link is None or len(self._waiting) >= self._settings.waiting_most:
            waiting.failed = NO_PROCESS if self._link is None else f"{len(self._waiting)} requests wait to be signed"
            return waiting
        self._last_id = number = self._last_id + 1
        try:
            self._link.put(framed(Ask(id=number, request=msgspec.Raw(msgspec.json.encode(request)))))
        except FrameTooLong as error:
            waiting.failed = str(error)
            return waiting
        self._waiting[number] = waiting
        try:
            with trio.move_on_after(self._settings.timeout_s):
                await waiting.answered.wait()
        finally:
            self._waiting.pop(number, None)
        return waiting

    def _read(self, raw: msgspec.Raw) -> Any:
        try:
            signed = self._signed.decode(raw)
        except msgspec.DecodeError as error:
            self.counts.refused += 1
            raise SigningRefused(f"an unreadable signature: {error}") from None
        self.counts.signed += 1
        return signed

    # the process

    @asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        link = await self._begin()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep, link)
            yield
            nursery.cancel_scope.cancel()

    async def _keep(self, link: Link) -> None:
        """Serve, and begin again when the process ends by itself."""
        while True:
            why = await self._serve(link)
            while True:
                if self.counts.restarts >= self._settings.restarts_most:
                    self._say("critical", f"{why}; nothing is signed until the engine is started anew")
                    return
                self.counts.restarts += 1
                self._say("warning", f"{why}; it is begun again, nothing is signed meanwhile")
                await trio.sleep(self._settings.restart_pause_s)
                try:
                    link = await self._begin()
                    break
                except SigningFailed as failed:
                    why = str(failed)

    async def _serve(self, link: Link) -> str:
        """Hand out answers for ever; returns how the process ended."""
        why = "cut off"
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(link.write_rest)
                try:
                    while True:
                        for text in await link.texts():
                            self._hand_out(_ANSWER.decode(text))
                except (LinkEnded, msgspec.DecodeError) as ended:
                    why = str(ended)
                nursery.cancel_scope.cancel()
        finally:
            self._link, self._running = None, trio.Event()
            for waiting in self._waiting.values():
                waiting.failed = NO_PROCESS
                waiting.answered.set()
            with trio.move_on_after(self._ending_s, shield=True):
                await link.end(self._settings.stop_timeout_s)
        code = link.process.returncode
        how = "killed, and still there" if code is None else f"exit code {code}"
        return f"the signing process of {self._caps.venue.value} is gone ({why}, {how})"

    def _hand_out(self, answer: Answer) -> None:
        waiting = self._waiting.get(answer.id)
        if waiting is None:
            self.counts.late += 1
            return
        waiting.answer = answer
        waiting.answered.set()

    async def _begin(self) -> Link:
        """A process that has said hello for our account. Raises SigningFailed."""
        venue, bound_s = self._caps.venue.value, self._settings.start_timeout_s
        try:
            link = await start_process(self._command)
        except LinkEnded as ended:
            raise SigningFailed(f"the signing process of {venue}: {ended}") from None
        greeted = False
        try:
            with trio.fail_after(bound_s):
                hello = await self._greet(link)
            self.account, self.address = hello.account, hello.address
            greeted = True
        except trio.TooSlowError:
            raise SigningFailed(f"the signing process of {venue} did not begin within {bound_s} s") from None
        except (LinkEnded, msgspec.DecodeError) as ended:
            raise SigningFailed(f"the signing process of {venue} did not begin ({ended})") from None
        finally:
            if not greeted:
                with trio.move_on_after(self._ending_s, shield=True):
                    await link.end(self._settings.stop_timeout_s)
        self._link = link
        self._running.set()
        return link

    async def _greet(self, link: Link) -> Hello:
        start = Start(key_path=self._key_path, password_path=self._password_path, caps=self._caps)
        link.put(framed(start))
        greeting: Hello | Failed = _GREETING.decode((await link.texts())[0])
        if isinstance(greeting, Failed):
            raise SigningFailed(f"the signing process of {self._caps.venue.value} did not begin: {greeting.reason}")
        return greeting

    def _say(self, severity: Literal["warning", "critical"], text: str) -> None:
        self._alarm(RaiseAlarm(severity=severity, code="signing_process", text=text))
