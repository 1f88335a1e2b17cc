"""The signing process: reads one key, says hello, and answers until its socket closes. Counterpart: `process`.

Blocking and single-threaded on purpose: it does one thing, in order.
"""

from __future__ import annotations

import gc
import socket
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.errors import UserError
from engine.keys import KeyFile, KeyRefused, open_key_file, password_from
from engine.signing.frames import (
    PROTOCOL,
    Answer,
    Ask,
    Failed,
    FrameBuffer,
    FrameTooLong,
    Granted,
    Hello,
    Refused,
    Start,
    framed,
)
from engine.signing.hardening import outlive_signals
from engine.signing.hour_file import HourFile, held, spelt
from engine.signing.law import Caps, Law
from engine.signing.venues import AnySigner, open_signer, request_type
from engine.venues.signing import SigningRefused, SignRequest

READ_BYTES = 65_536
_ASK = msgspec.json.Decoder(Ask)
_START = msgspec.json.Decoder(Start)


class Desk:
    """One signer under one law, with what it opened on disk."""

    def __init__(self, signer: AnySigner, asked: type[SignRequest], law: Law, hour: HourFile | None) -> None:
        """`hour` is None for a law that lets nothing be opened."""
        self._signer = signer
        self._request = msgspec.json.Decoder(asked)
        self._law, self._hour = law, hour
        self._refusals = 0

    def answer(self, ask: Ask, now_ns: int) -> Answer:
        """Sign, or say why not. A failure is told by its type alone: its words might hold what must not leave."""
        try:
            signed = self._signed(self._request.decode(ask.request), now_ns)
        except SigningRefused as refused:
            return self._refuse(ask, str(refused))
        except msgspec.ValidationError as error:
            return self._refuse(ask, f"not a request of this venue's: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was signed, and the next may be good
            return self._refuse(ask, f"could not be signed ({type(error).__name__})")
        return Granted(id=ask.id, signed=msgspec.Raw(msgspec.json.encode(signed)))

    def _signed(self, request: SignRequest, now_ns: int) -> msgspec.Struct:
        usd = self._law.weigh(self._signer.purpose_of(request), now_ns)
        if usd:
            return self._opening(request, usd, now_ns)
        signed: msgspec.Struct = self._signer.sign(request)
        return signed

    def _opening(self, request: SignRequest, usd: Decimal, now_ns: int) -> msgspec.Struct:
        """A signature that opens something is released when it stands on disk that it does."""
        if self._hour is None:
            raise SigningRefused("nothing is opened where nothing is kept of it")
        self._hour.check()
        signed: msgspec.Struct = self._signer.sign(request)
        self._law.count(usd, now_ns)
        self._hour.keep(self._law.opened(now_ns))
        return signed

    def _refuse(self, ask: Ask, why: str) -> Refused:
        self._refusals += 1
        return Refused(id=ask.id, reason=why, refusals=self._refusals)


class Line:
    """The socket, a frame at a time."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._buffer = FrameBuffer()
        self._texts: list[bytes] = []

    def receive(self) -> bytes | None:
        """The next text; None when the other end is gone, or speaks something else."""
        while not self._texts:
            try:
                data = self._end.recv(READ_BYTES)
                self._texts = self._buffer.feed(data)
            except (OSError, FrameTooLong):
                return None
            if not data:
                return None
        return self._texts.pop(0)

    def send(self, message: Answer | Hello | Failed) -> bool:
        """False when the other end is gone."""
        try:
            self._end.sendall(framed(message))
        except OSError:
            return False
        return True


def serve(end: socket.socket) -> None:
    """The whole life of a signing process, from `Start` to the closing of the socket."""
    line = Line(end)
    text = line.receive()
    if text is not None:
        with ExitStack() as holding:
            _serve(line, text, holding)


def _serve(line: Line, text: bytes, holding: ExitStack) -> None:
    try:
        desk, hello = opened(_START.decode(text), holding)
    except UserError as refused:
        line.send(Failed(reason=str(refused)))
        return
    except SigningRefused as refused:
        line.send(Failed(reason=str(refused)))
        return
    except Exception as error:  # noqa: BLE001 - its words might hold a key
        line.send(Failed(reason=f"could not begin ({type(error).__name__})"))
        return
    outlive_signals()
    # What was imported stays: the collector need not look at it again.
    gc.freeze()
    line.send(hello)
    _answer_all(line, desk)


def _answer_all(line: Line, desk: Desk) -> None:
    while (text := line.receive()) is not None:
        if not line.send(desk.answer(_ASK.decode(text), time.monotonic_ns())):
            return


def opened(start: Start, holding: ExitStack) -> tuple[Desk, Hello]:
    """Read the key, check that it is the one the caps are for, and hold the account's file as long as `holding` lasts.

    Whoever may only reduce holds no file: it has nothing to keep there, and works beside an engine that hangs.
    Raises KeyRefused, HourFileRefused, SigningRefused.
    """
    if start.protocol != PROTOCOL:
        raise KeyRefused(f"the engine speaks protocol {start.protocol}, the signing process {PROTOCOL}")
    password_path = None if start.password_path is None else Path(start.password_path)
    prompt = f"password of the {start.caps.venue.value} key ({start.caps.network}): "
    key = open_key_file(Path(start.key_path), password_from(password_path, prompt))
    _match(key, start.caps, start.key_path)
    signer, address = open_signer(key, start.caps.program)
    hour = None if start.caps.reduces_only else holding.enter_context(held(Path(start.key_path).parent, start.caps))
    law = Law(start.caps, hour.opened if hour else (), time.monotonic_ns())
    hello = Hello(venue=key.venue, network=key.network, account=signer.account, address=address)
    return Desk(signer, request_type(key.venue), law, hour), hello


def _match(key: KeyFile, caps: Caps, path: str) -> None:
    asked = {"venue": caps.venue.value, "network": caps.network, "account": spelt(caps.account)}
    found = {"venue": key.venue.value, "network": key.network, "account": spelt(key.account)}
    for name, value in asked.items():
        if found[name] != value:
            raise KeyRefused(f"{path}: its {name} is {found[name]}, asked for is {value}; name the key of that {name}")
