from __future__ import annotations

import pytest
import trio
import trio.testing

from engine.simulators.pipe import Parcel, Pipe, StreamReset
from engine.venues.transport import StreamClosed


def pipe() -> tuple[Pipe, list[tuple[int, bytes]]]:
    heard: list[tuple[int, bytes]] = []
    return Pipe(7, lambda connection, frame: heard.append((connection, frame))), heard


async def test_what_the_client_sends_is_heard_with_its_connection(autojump_clock: trio.testing.MockClock) -> None:
    there, heard = pipe()
    await there.send(b"subscribe")
    assert heard == [(7, b"subscribe")]


async def test_a_frame_is_read_when_its_last_byte_is_there(autojump_clock: trio.testing.MockClock) -> None:
    there, _ = pipe()
    there.push(b"one", 2.0, slow_s=3.0)
    there.push(b"two", 1.0)
    assert await there.receive() == b"one"
    assert trio.current_time() == 5
    assert await there.receive() == b"two"
    assert trio.current_time() == 5


async def test_a_server_takes_a_frame_at_its_first_byte_with_the_manner_of_its_arrival(
    autojump_clock: trio.testing.MockClock,
) -> None:
    there, _ = pipe()
    there.push(b"one", 2.0, slow_s=3.0, keep=0.5)
    assert await there.take() == Parcel(b"one", 2.0, 3.0, 0.5)
    assert trio.current_time() == 2


async def test_a_cancelled_reader_loses_nothing(autojump_clock: trio.testing.MockClock) -> None:
    there, _ = pipe()
    there.push(b"one", 10.0)
    with trio.move_on_after(1):
        await there.receive()
    assert await there.receive() == b"one"


async def test_the_first_end_counts_and_what_came_before_it_is_read(autojump_clock: trio.testing.MockClock) -> None:
    there, _ = pipe()
    there.push(b"one", 1.0)
    there.close(StreamReset("cut"))
    there.close(StreamClosed("said goodbye"))
    assert await there.receive() == b"one"
    for read in (there.receive, there.take):
        with pytest.raises(StreamReset, match="cut"):
            await read()
    with pytest.raises(StreamReset):
        await there.send(b"hello?")


async def test_a_waiting_reader_hears_of_the_end(autojump_clock: trio.testing.MockClock) -> None:
    there, _ = pipe()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def reader() -> None:
            with pytest.raises(StreamClosed, match="idle"):
                await there.receive()

        await trio.sleep(1)
        there.close(StreamClosed("idle"))
