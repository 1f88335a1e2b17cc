"""The engine's end of the socket, with processes that do one thing each."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
import trio

from engine.signing.frames import FRAME_MOST, Ask, framed
from engine.signing.link import PASSED_ON, Link, LinkEnded, start_process

ENDS = "import os, socket, sys\nend = socket.socket(fileno=0)\n"
SAY = "def say(text): end.sendall(len(text).to_bytes(4, 'big') + text)\n"


async def started(script: str) -> Link:
    return await start_process((sys.executable, "-c", ENDS + SAY + script))


async def test_the_process_gets_little_of_the_environment_and_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERP2PERP_SOMETHING", "x")
    script = (
        "def opened(number):\n    try: os.fstat(number)\n    except OSError: return False\n    return True\n"
        "say(' '.join(os.environ).encode())\n"
        "say(' '.join(str(n) for n in range(256) if opened(n)).encode())"
    )
    link = await started(script)
    texts = await link.texts()
    while len(texts) < 2:
        texts += await link.texts()
    names, descriptors = (text.decode().split() for text in texts)
    assert [name for name in names if name not in (*PASSED_ON, "LC_CTYPE")] == []
    assert descriptors == ["0", "1", "2"]
    assert await link.end(20) == 0


async def test_more_than_the_socket_takes_is_sent_when_there_is_room() -> None:
    frame = framed(Ask(id=1, request=msgspec.Raw(b'"' + b"x" * (FRAME_MOST - 100) + b'"')))
    link = await started(f"taken = 0\nwhile taken < {len(frame) * 40}: taken += len(end.recv(999999))\nsay(b'all')")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.write_rest)
        for _ in range(40):
            link.put(frame)
        assert link._rest
        with trio.fail_after(20):
            assert await link.texts() == [b"all"]
        nursery.cancel_scope.cancel()
    await link.end(20)


async def test_an_end_and_a_word_of_another_tongue_are_the_end() -> None:
    for script, why in (("", "it ended"), ("end.sendall(b'GET / HTTP/1.1')", "FrameTooLong")):
        link = await started(script)
        with trio.fail_after(20), pytest.raises(LinkEnded, match=why):
            await link.texts()
        assert await link.end(20) == 0


async def test_a_process_that_stays_is_killed() -> None:
    link = await started("import signal\nsay(b'here')\nsignal.pause()")
    assert await link.texts() == [b"here"]
    assert await link.end(0) == -9


async def test_it_is_ended_even_where_the_task_is_cancelled() -> None:
    link = await started("import signal\nsay(b'here')\nsignal.pause()")
    with trio.CancelScope() as scope:
        scope.cancel()
        await link.end(20)
    with trio.fail_after(20):
        assert await link.process.wait() == -9


async def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    with pytest.raises(LinkEnded, match="could not be started"):
        await start_process((str(tmp_path / "nothing"),))
