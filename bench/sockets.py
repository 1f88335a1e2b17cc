"""Frames from a loopback socket to the mailbox, against what their framing and their JSON alone cost.

The frame is Hyperliquid's `bbo`, sent as fast as the socket takes it by a thread that only writes. Counterparts:
`engine.venues.network.websocket`, which is measured, and trio-websocket, which a trio program would else use.
"""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Callable

import msgspec
import trio
from websockets.client import ClientProtocol
from websockets.frames import OP_TEXT, Frame
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.uri import WebSocketURI, parse_uri

from bench.ratios import Line, Scale, compare
from bench.trading import NOW_NS
from engine.mailbox import Mailbox
from engine.venues.hyperliquid.codec import decode
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.lighter.codec_stream import decode_book
from engine.venues.network.limits import NetworkLimits
from engine.venues.network.websocket import SocketStream

FRAMING_MOST = 1.0
"""A stream on trio costs no more than the protocol under it: plain frames do not pass through it."""
SHARE_MOST = 1 / 7
"""Seven times the messages per core of trio-websocket."""
READ_BYTES = 65_536
LEVELS = 20
BBO = (
    b'{"channel":"bbo","data":{"coin":"BTC","time":%d,"bbo":[{"px":"89470.0","sz":"1.24518","n":9},'
    b'{"px":"89471.0","sz":"0.38203","n":4}]}}'
) % (NOW_NS // 1_000_000)


def lines(scale: Scale) -> list[Line]:
    """Receiving against framing alone and against trio-websocket, the road to the mailbox, and a book's decoding."""
    count, rounds = scale.frames, scale.rounds
    framed, received, delivered = Framed(count), Received(count), Delivered(count)
    found = [
        compare("WebSocket frame received / its framing alone", received, framed, rounds, FRAMING_MOST),
        compare("the same, decoded and put into the mailbox", delivered, framed, rounds),
    ]
    if importlib.util.find_spec("trio_websocket") is None:
        print("trio-websocket is not installed: not compared with it")
    else:
        name = "WebSocket frame received / trio-websocket"
        found.append(compare(name, received, ReceivedByTrioWebsocket(count), rounds, SHARE_MOST))
    name = f"book of {LEVELS} levels decoded / msgspec, plain structs"
    return [*found, compare(name, BookDecoded(scale.books), PlainDecoded(scale.books), rounds)]


class Server:
    """A thread that welcomes one client and sends it so many frames in as few calls as it can."""

    def __init__(self, count: int) -> None:
        self._frames = Frame(OP_TEXT, BBO).serialize(mask=False) * count
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def uri(self) -> WebSocketURI:
        """Where it is."""
        return parse_uri(f"ws://127.0.0.1:{self.port}/ws")

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as client:
            protocol = ServerProtocol()
            while not (events := protocol.events_received()):
                protocol.receive_data(client.recv(READ_BYTES))
            assert isinstance(events[0], Request)
            protocol.send_response(protocol.accept(events[0]))
            client.sendall(b"".join(protocol.data_to_send()))
            client.sendall(self._frames)
            client.recv(1)

    def join(self) -> None:
        """Wait until the client has gone."""
        self._thread.join()


class Framed:
    """websockets' protocol over a blocking socket: no task, no clock, nothing but the framing."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self) -> int:
        server = Server(self._count)
        protocol = ClientProtocol(server.uri)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            protocol.send_request(protocol.connect())
            connection.sendall(b"".join(protocol.data_to_send()))
            heard = 0
            while heard < self._count:
                protocol.receive_data(connection.recv(READ_BYTES))
                heard += sum(not isinstance(event, Response) for event in protocol.events_received())
        server.join()
        return heard


class Received:
    """The engine's own stream."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self) -> int:
        server = Server(self._count)
        heard = trio.run(self._run, server)
        server.join()
        return heard

    async def _run(self, server: Server) -> int:
        limits = NetworkLimits()
        stream = SocketStream(await trio.open_tcp_stream("127.0.0.1", server.port), server.uri, limits)
        await stream.open()
        take = self.take()
        for _ in range(self._count):
            take(await stream.receive())
        await stream.aclose()
        return self._count

    def take(self) -> Callable[[bytes], None]:
        """What is done with a frame."""
        return lambda _: None


class Delivered(Received):
    """The engine's own stream, each frame decoded as the adapter does and put into a mailbox."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.mailbox = Mailbox()
        settings = HyperliquidSettings(account="0x" + "0" * 40, assets=("BTC",))
        self._memory = Memory(settings, NOW_NS)

    def take(self) -> Callable[[bytes], None]:
        """Frame to quote to mailbox."""
        return self.deliver

    def deliver(self, frame: bytes) -> None:
        """One frame."""
        envelope = decode("frame", frame)
        for message in self._memory.quote(decode(f"stream/{envelope.channel}", envelope.data), NOW_NS):
            self.mailbox.put(message)


class ReceivedByTrioWebsocket:
    """The same frames through trio-websocket."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self) -> int:
        server = Server(self._count)
        heard = trio.run(self._run, server)
        server.join()
        return heard

    async def _run(self, server: Server) -> int:
        from trio_websocket import open_websocket_url

        async with open_websocket_url(f"ws://127.0.0.1:{server.port}/ws") as stream:
            for _ in range(self._count):
                await stream.get_message()
        return self._count


# --- books -------------------------------------------------------------------------------------------------


class PlainLevel(msgspec.Struct):
    """A level as msgspec reads it when nothing is asked of it."""

    price: str
    size: str


class PlainBook(msgspec.Struct):
    """The book likewise."""

    asks: list[PlainLevel]
    bids: list[PlainLevel]
    nonce: int
    begin_nonce: int
    offset: int
    last_updated_at: int
    code: int


class PlainFrame(msgspec.Struct):
    """And its frame."""

    type: str
    channel: str
    order_book: PlainBook
    timestamp: int


def book_frame() -> bytes:
    """Lighter's first frame of a book with so many levels a side."""
    bids, asks = (
        [PlainLevel(f"{89_470 + way * number / 10:.1f}", f"{1 + number / 7:.5f}") for number in range(1, LEVELS + 1)]
        for way in (-1, 1)
    )
    milliseconds = NOW_NS // 1_000_000
    book = PlainBook(asks, bids, 8_012_345, 8_012_300, 4_711, milliseconds * 1000, 0)
    return msgspec.json.encode(PlainFrame("subscribed/order_book", "order_book:1", book, milliseconds))


class BookDecoded:
    """The venue's wire types, as strict as the codec is."""

    def __init__(self, count: int) -> None:
        self._count, self._frame = count, book_frame()

    def __call__(self) -> int:
        for _ in range(self._count):
            decode_book(self._frame)
        return self._count


class PlainDecoded:
    """The least that msgspec does for the same frame."""

    def __init__(self, count: int) -> None:
        self._count, self._frame = count, book_frame()
        self._decoder = msgspec.json.Decoder(PlainFrame)

    def __call__(self) -> int:
        for _ in range(self._count):
            self._decoder.decode(self._frame)
        return self._count
