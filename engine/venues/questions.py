"""Questions that several commands ask at once, asked as few times as may be. Used by adapters.

An answer may have to wait, for the rate limit or for the venue; whoever asks meanwhile would only make it wait longer,
and whoever asks too often has no question left when the answer counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import trio

NEVER_S = float("-inf")
Answer = TypeVar("Answer")
Leaving = Callable[[], None]
"""To be called when the question leaves for the venue: whoever asks from then on asks anew."""


def unnoted() -> None:
    """For whoever need not know when a question leaves."""


class Questions:
    """At most one question on a subject is under way, and one waits behind it for all who asked since it began.

    `pause_s`: from the beginning of one to the beginning of the next on the same subject.
    """

    def __init__(self, pause_s: float = 0.0) -> None:
        self._pause_s = pause_s
        self._turns: dict[str, trio.Lock] = {}
        self._waiting: dict[str, None] = {}
        self._began_s: dict[str, float] = {}

    async def ask(self, subject: str, question: Callable[[], Awaitable[None]]) -> None:
        """Run `question`, which tells its own answer; at once over when another is waiting to begin, which will tell.

        No answer is older than the asking: one that is under way already is not counted on.
        """
        if subject in self._waiting:
            await trio.lowlevel.checkpoint()
            return
        self._waiting[subject] = None
        turn = self._turns.setdefault(subject, trio.Lock())
        try:
            await turn.acquire()
        except BaseException:
            del self._waiting[subject]
            raise
        try:
            await self._pause(subject)
            await question()
        finally:
            turn.release()
            if subject not in self._waiting:
                del self._turns[subject]

    async def _pause(self, subject: str) -> None:
        """Until the last one is long enough ago; then it no longer waits, and whoever asks from now on does."""
        try:
            await trio.sleep_until(self._began_s.get(subject, NEVER_S) + self._pause_s)
        finally:
            del self._waiting[subject]
        now_s = trio.current_time()
        self._began_s = {old: at_s for old, at_s in self._began_s.items() if now_s < at_s + self._pause_s}
        self._began_s[subject] = now_s


class Shared(Generic[Answer]):
    """One answer for all who ask the same before the question leaves: in the same instant, or while it waits for room
    in a rate limit.

    No answer is older than its asking, and nobody waits for a question that has left already.
    """

    def __init__(self, question: Callable[[Leaving], Awaitable[Answer]]) -> None:
        self._question = question
        self._waiting: _Asked[Answer] | None = None

    async def ask(self) -> Answer:
        """The answer. Raises what the question raises, to all who share it."""
        while self._waiting is not None:
            shared = self._waiting
            await shared.over.wait()
            if shared.answers or shared.error is not None:
                return shared.told()
        return await self._ask()

    async def _ask(self) -> Answer:
        asked = self._waiting = _Asked[Answer]()

        def leaving() -> None:
            if self._waiting is asked:
                self._waiting = None

        try:
            await trio.lowlevel.checkpoint()  # whoever asks in the same batch shares it
            asked.answers = (await self._question(leaving),)
        except Exception as error:
            asked.error = error
            raise
        finally:  # without an answer or an error it was given up: the others ask anew
            leaving()
            asked.over.set()
        return asked.told()


class _Asked(Generic[Answer]):
    """A question and what came of it: one answer, or an error."""

    def __init__(self) -> None:
        self.over = trio.Event()
        self.answers: tuple[Answer, ...] = ()
        self.error: Exception | None = None

    def told(self) -> Answer:
        """The answer; raises the error."""
        if self.error is not None:
            raise self.error
        return self.answers[0]
