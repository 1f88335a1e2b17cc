"""The engine's end: hears people, puts what they ask on the operator lane, and answers with what was decided.

Every ask is answered within `engine.answer_s`: with the deciding row, with a refusal, or with "unknown" when no
decision was durable by then. Asked twice under one id it is done once and answered alike. Counterparts: `teller`,
and `engine.runtime`, which lets every durable decision pass by (`note`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import trio

from actors.commands import RaiseAlarm
from actors.messages import AnyMessage
from actors.risk.person import REFUSED
from engine import audit
from engine.control import place
from engine.control.asking import LIFECYCLE, Answer, Ask, Malformed, decode, messages_of
from engine.core import Core, Decision
from engine.errors import UserError
from engine.limits import EngineLimits
from engine.mailbox import Mailbox

ANSWERS_REMEMBERED = 256
IGNORED = "ignore:"


class Listener:
    """Hears one run's people. `told` is called with words for whoever watches the engine."""

    def __init__(
        self,
        run: Path,
        core: Core,
        mailbox: Mailbox,
        told: Callable[[RaiseAlarm], None],
        *,
        limits: EngineLimits,
        speed: float,
    ) -> None:
        """`speed` is that of the engine's clock: people wait in real time."""
        self._limits = limits
        self._speed = speed
        self._busy = 0
        self._run = run
        self._core = core
        self._mailbox = mailbox
        self._told = told
        self._waiting: dict[int, tuple[AnyMessage, str, trio.Event]] = {}
        self._decided: dict[str, Decision] = {}
        self._answers: dict[str, tuple[Ask, Answer]] = {}

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hear people until cancelled; an engine that cannot be told anything runs all the same, and says so."""
        try:
            place.made(self._run)
            with place.opened(self._run) as directory:
                ear = place.bound(self._run, directory)
                try:
                    task_status.started()
                    async with trio.open_nursery() as nursery:
                        listening = trio.SocketListener(trio.socket.from_stdlib_socket(ear))
                        await trio.serve_listeners(self._serve, [listening], handler_nursery=nursery)
                finally:
                    place.removed(directory)
                    ear.close()
        except (OSError, UserError) as error:
            text = f"nobody can be heard: {error}; stop the run with an interrupt (twice for the kill switch)"
            self._told(RaiseAlarm(severity="warning", code="control_closed", text=text))
            task_status.started()

    def note(self, decision: Decision) -> None:
        """See a durable decision: the one that an ask led to is what it is answered with."""
        waiting = self._waiting.pop(id(decision.envelope.message), None)
        if waiting is not None:
            _, ask_id, event = waiting
            self._decided[ask_id] = decision
            event.set()

    async def finish(self) -> None:
        """Let who was just heard have the answer, for a moment: the ask itself may have ended the run."""
        with trio.move_on_after(self._limits.answer_last_s * self._speed):
            while self._busy:  # noqa: ASYNC110 - an end of a connection wakes nobody
                await trio.sleep(self._limits.answer_last_s * self._speed / 50)

    async def _serve(self, stream: trio.SocketStream) -> None:
        """One ask, one answer. Whoever hangs up, or sends what nobody can read, harms nobody else."""
        self._busy += 1
        with trio.move_on_after((self._limits.answer_s + self._limits.answer_last_s) * self._speed):
            try:
                if not place.is_owner(stream.socket):
                    return
                answer = await self._answer(await read_line(stream))
                await stream.send_all(msgspec.json.encode(answer) + b"\n")
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            except Exception as error:  # noqa: BLE001 - whatever is wrong with an ask, the engine goes on
                text = f"an ask could not be answered ({type(error).__name__}: {error})"
                self._told(RaiseAlarm(severity="warning", code="control_failed", text=text))
            finally:
                self._busy -= 1
        await trio.aclose_forcefully(stream)

    async def _answer(self, line: bytes) -> Answer:
        try:
            ask = decode(line)
        except Malformed as error:
            return Answer(id="", outcome="refused", text=str(error))
        known = self._answers.get(ask.id)
        if known is not None:
            other = Answer(id=ask.id, outcome="refused", text=f"id: {ask.id} was used for another ask")
            return known[1] if known[0] == ask else other
        answer = await self._asked(ask)
        self._keep(ask, answer)
        return answer

    async def _asked(self, ask: Ask) -> Answer:
        try:
            to, message = messages_of(ask, self._core.states, self._core.policy)
        except Malformed as error:
            return Answer(id=ask.id, outcome="refused", text=str(error))
        event = trio.Event()
        self._waiting[id(message)] = (message, ask.id, event)
        # Kept before the first wait: the same ask told again meanwhile must not be done twice.
        self._keep(ask, Answer(id=ask.id, outcome="unknown", text="it was asked and is not decided yet; look again"))
        self._mailbox.put_operator(message, to)
        with trio.move_on_after(self._limits.answer_s * self._speed):
            await event.wait()
        self._waiting.pop(id(message), None)
        decision = self._decided.pop(ask.id, None)
        if decision is None:
            late = f"nothing was decided within {self._limits.answer_s:g} s"
            text = f"asked, but {late}; `perp2perp explain` shows it when it is"
            return Answer(id=ask.id, outcome="unknown", text=text)
        return answer_of(ask.id, decision)

    def _keep(self, ask: Ask, answer: Answer) -> None:
        self._answers[ask.id] = (ask, answer)
        while len(self._answers) > ANSWERS_REMEMBERED:
            del self._answers[next(iter(self._answers))]


def answer_of(ask_id: str, decision: Decision) -> Answer:
    """The decision for people: what the actor told them, else the row and its reason."""
    actor, row, seq = decision.envelope.to, decision.row, decision.envelope.seq
    deaf = bool(decision.fault) or row == "quarantined"
    if deaf and actor == LIFECYCLE:
        text = f"{actor} is deaf; the engine told risk, the scanner and every pair in its stead"
        return Answer(id=ask_id, outcome="accepted", text=text, seq=seq)
    if decision.fault:
        return Answer(id=ask_id, outcome="unknown", text=f"{actor} failed at it ({decision.fault})", seq=seq)
    if row in ("no_such_actor", "quarantined"):
        return Answer(id=ask_id, outcome="refused", text=f"{actor}: {row}", seq=seq)
    alarms = [command for command in decision.commands if isinstance(command, RaiseAlarm)]
    if any(alarm.code == REFUSED for alarm in alarms):
        return Answer(id=ask_id, outcome="refused", text=alarms[0].text, seq=seq)
    reason = audit.reason(actor, row)
    if row.startswith(IGNORED):
        return Answer(id=ask_id, outcome="accepted", text=f"{actor}: nothing changed{reason}", seq=seq)
    text = alarms[0].text if alarms else f"{actor}: {decision.source} → {decision.place}, row {row}{reason}"
    return Answer(id=ask_id, outcome="accepted", text=text, seq=seq)


async def read_line(stream: trio.SocketStream) -> bytes:
    """Bytes up to the first line's end, at most `place.LINE_MOST`; what ends before is what there is."""
    data = b""
    while b"\n" not in data and len(data) < place.LINE_MOST:
        piece = await stream.receive_some(place.LINE_MOST)
        if not piece:
            break
        data += piece
    return data.partition(b"\n")[0]
