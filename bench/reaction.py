"""From a received frame to the bytes of the next order, against one hop over a bare trio memory channel.

The frame is Hyperliquid's `userFills` with the fill that completes the taker order; the order is Pacifica's
post-only. Signing and fsync are left out: the first is the venue's library, the second the disk.
"""

from __future__ import annotations

import msgspec
import trio

from actors.commands import SubmitOrder
from actors.messages import OrderFilled
from bench.ratios import OWN, Line, Scale, compare
from bench.trading import NOW_NS, PAIR, core_with_taker_in_flight, deliver
from engine.core import Decision
from engine.journal.record import chained, encode, sealed, step_record
from engine.limits import Limits
from engine.mailbox import Mailbox
from engine.router import Router
from engine.sequencer import Sequencer
from engine.venues.hyperliquid.codec import decode, fill_message
from engine.venues.hyperliquid.codec_orders import client_order_id_text, order_id_of
from engine.venues.pacifica.codec import encode_order
from engine.venues.pacifica.markets import market_of_asset

AIM_MOST = 1.5
USER = "0x31ca8395cf837de08b24da3f660e77761dfb974b"
FRAME = (
    b'{"channel":"userFills","data":{"user":"%(user)s","fills":[{"coin":"BTC","px":"89470.0","sz":"0.1","side":"A",'
    b'"time":1767225600000,"startPosition":"0.0","dir":"Open Short","closedPnl":"0.0",'
    b'"hash":"0xa166e3fa63c25663024b03f2e0da011a00307e4017465df020210d3d432e7cb8","oid":90542681,"crossed":true,'
    b'"fee":"4.02615","tid":118906512037719,"feeToken":"USDC","cloid":"%(cloid)s","twapId":null}]}}'
)


def lines(scale: Scale) -> list[Line]:
    """The pair's own reaction, and the whole road with mailbox, routing and risk's own count of the fill."""
    hops = _Hops(scale.reactions)
    return [
        compare("frame to order bytes / channel hop", Reaction(scale.reactions), hops, scale.rounds, AIM_MOST, OWN),
        compare("the same through the sequencer", Road(scale.reactions), hops, scale.rounds, clock=OWN),
    ]


class Reaction:
    """Decode, step, screen, encode the record, encode the order; the pair is set back after each."""

    def __init__(self, times: int) -> None:
        self.core, taker = core_with_taker_in_flight()
        self.frame = fill_frame(taker)
        self._times = times
        self._pair, self._risk = self.core.states[PAIR], self.core.states["risk"]

    def __call__(self) -> int:
        for _ in range(self._times):
            self.once()
        return self._times

    def once(self) -> bytes:
        """One reaction; returns the order's bytes."""
        core = self.core
        core.states[PAIR], core.states["risk"] = self._pair, self._risk
        decision = deliver(core, PAIR, read_fill(self.frame))
        record_line(decision)
        order = decision.commands[0]
        assert type(order) is SubmitOrder
        return order_bytes(order)


class Road:
    """The same by way of mailbox, router and sequencer: risk counts the fill first, then the pair reacts."""

    def __init__(self, times: int) -> None:
        self.core, taker = core_with_taker_in_flight()
        self.orders: list[bytes] = []
        self._frame = fill_frame(taker)
        self._times = times
        self._pair, self._risk = self.core.states[PAIR], self.core.states["risk"]
        self._mailbox = Mailbox()
        router = Router(self.core.states, lambda: self.core.board)
        router.note(PAIR, taker)
        self._sequencer = Sequencer(
            self.core, self._mailbox, router, EncodedOnly(), lambda: NOW_NS, Limits(), lambda _: None
        )

    def __call__(self) -> int:
        for _ in range(self._times):
            self.once()
        return self._times

    def once(self) -> None:
        """One reaction; the order's bytes are the last of `orders`."""
        self.orders.clear()
        self.core.states[PAIR], self.core.states["risk"] = self._pair, self._risk
        self._mailbox.put(read_fill(self._frame))
        self._sequencer.batch(self._mailbox.take_nowait(256), self)

    def refuse(self, _: SubmitOrder, __: str) -> None:
        """Nothing is refused here."""

    def perform(self, _: str, command: object) -> None:
        """Encode orders; nothing else leaves."""
        if type(command) is SubmitOrder:
            self.orders.append(order_bytes(command))


class EncodedOnly:
    """A journal that encodes and chains each record and writes none."""

    broken = ""

    def __init__(self) -> None:
        self.hash = b""

    def append(self, decision: Decision) -> None:
        """Encode and seal one record."""
        self.hash = record_line(decision, self.hash)[-35:-3]

    def commit(self) -> int:
        """Nothing to do."""
        return 0


def fill_frame(order: SubmitOrder) -> bytes:
    """The venue's frame that fills all of the order."""
    return FRAME % {b"user": USER.encode(), b"cloid": client_order_id_text(order.order_id).encode()}


def read_fill(frame: bytes) -> OrderFilled:
    """The fill in a frame, as the adapter reads it."""
    fills = decode("stream/userFills", decode("frame", frame).data)
    fill = fills.fills[0]
    message = fill_message(fill, USER, order_id_of(fill.cloid))
    assert type(message) is OrderFilled
    return message


def record_line(decision: Decision, before: bytes = b"") -> bytes:
    """The decision as a line of the journal."""
    body = encode(step_record(decision))
    return sealed(body, chained(before, body))


def order_bytes(order: SubmitOrder) -> bytes:
    """The order as Pacifica reads it, unsigned."""
    return msgspec.json.encode(encode_order(order, market_of_asset(order.asset)))


class _Hops:
    """Letters over a memory channel without a buffer, from one task to another."""

    def __init__(self, times: int) -> None:
        self._times = times

    def __call__(self) -> int:
        return trio.run(self._run)

    async def _run(self) -> int:
        send, receive = trio.open_memory_channel[int](0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send, send)
            return sum([1 async for _ in receive])

    async def _send(self, channel: trio.MemorySendChannel[int]) -> None:
        async with channel:
            for number in range(self._times):
                await channel.send(number)
