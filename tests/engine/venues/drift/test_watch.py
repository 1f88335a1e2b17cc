import pytest
import trio

from engine.venues.drift.watch import WatchedStream
from engine.venues.transport import StreamClosed


class Silent:
    """A stream on which nothing ever comes."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    async def receive(self) -> bytes:
        await trio.sleep_forever()
        return b""


async def test_a_cut_ends_the_wait_of_whoever_receives(autojump_clock):
    stream = WatchedStream(Silent())
    async with trio.open_nursery() as nursery:

        async def receive():
            with pytest.raises(StreamClosed, match="for this reason"):
                await stream.receive()

        nursery.start_soon(receive)
        await trio.sleep(1)
        stream.cut("for this reason")


async def test_a_stream_cut_before_is_closed_at_once(autojump_clock):
    stream = WatchedStream(Silent())
    stream.cut("already")
    with pytest.raises(StreamClosed, match="already"):
        await stream.receive()


async def test_the_reader_s_own_timeout_is_not_a_cut(autojump_clock):
    stream = WatchedStream(Silent())
    with trio.move_on_after(2) as scope:
        await stream.receive()
    assert scope.cancelled_caught
