"""A person's end: tells the engine of a run one thing and waits, for a bounded time, for what became of it.

Blocking and short: it needs neither trio nor venues. Counterpart: `listener`.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

from engine.control import place
from engine.control.asking import Answer, Ask, Malformed, decode


def tell(run: Path, ask: Ask, patience_s: float) -> Answer:
    """Ask, and return the answer; "unknown" when the engine took the ask and did not answer.

    Raises Unreachable when nothing was asked: no engine listens, or others could listen.
    """
    line = msgspec.json.encode(ask)
    try:
        decode(line)
    except Malformed as error:
        return Answer(id=ask.id, outcome="refused", text=str(error))
    if not run.is_dir():
        raise place.Unreachable(f"{run}: no such run directory")
    with place.opened(run) as directory, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line_out:
        line_out.settimeout(patience_s)
        try:
            line_out.connect(place.address(run, directory))
        except (FileNotFoundError, ConnectionRefusedError):
            raise place.nobody_answers(run) from None
        if not place.is_owner(line_out):
            raise place.Unreachable(f"{run}: another user's process listens there; nothing was asked")
        return _answered(line_out, line, ask)


def _answered(line_out: socket.socket, line: bytes, ask: Ask) -> Answer:
    """A line that was cut off may have been heard: that is not known, and never asked again by itself."""
    data = b""
    try:
        line_out.sendall(line + b"\n")
        while b"\n" not in data and len(data) < place.LINE_MOST:
            piece = line_out.recv(place.LINE_MOST)
            if not piece:
                break
            data += piece
        return msgspec.json.decode(data.partition(b"\n")[0], type=Answer)
    except (OSError, msgspec.MsgspecError):
        text = (
            "the engine took it and gave no answer; whether it was done stands in `perp2perp explain RUN risk`. "
            f"Asked again with --id {ask.id} it is done at most once by the engine that still lives"
        )
        return Answer(id=ask.id, outcome="unknown", text=text)


def new_id() -> str:
    """An id nobody used before."""
    return os.urandom(8).hex()
