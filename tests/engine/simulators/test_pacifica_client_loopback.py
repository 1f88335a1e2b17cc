"""The client written from Pacifica's documentation, over real sockets: httpx and websockets carry it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import trio
from websockets.sync.client import ClientConnection, connect

from engine.simulators.pacifica import PacificaFace
from engine.simulators.server import Stall, serve
from engine.simulators.transport import Pace, SimulatedVenue
from tests.engine.simulators.pacifica_client import Client
from tests.engine.simulators.test_pacifica_client import OTHERS, OURS, SEED, D, Venue

PACE = Pace(quiet_step_s=0.05, busy_step_s=0.05, latency_least_s=0, latency_most_s=0)
PATIENCE_S = 10


class Caller(Client):
    """The same client, its requests and frames carried by the usual libraries. Blocking: for a thread of its own."""

    def __init__(self, address: str) -> None:
        super().__init__(cast(PacificaFace, None), SEED)
        self._address = address
        self._http = httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=PATIENCE_S)
        self._stream: ClientConnection | None = None

    def body(self, kind: str, window: int = 5_000, **data: Any) -> dict[str, Any]:
        self.now_ms = time.time_ns() // 1_000_000
        return super().body(kind, window, **data)

    def _exchange(self, method: Any, path: str, body: bytes, query: tuple[tuple[str, str], ...] = ()) -> Any:
        headers = {"content-type": "application/json"} if body else {}
        answer = self._http.request(method, path, params=list(query), headers=headers, content=body or None)
        self.status = answer.status_code
        return answer.json()

    def open(self) -> None:
        self._stream = connect(f"ws://{self._address}/ws", open_timeout=PATIENCE_S, close_timeout=0.1)

    def say(self, frame: dict[str, Any]) -> None:
        assert self._stream is not None
        self._stream.send(json.dumps(frame))

    def subscribe(self, source: str, **params: Any) -> None:
        """Ask for a channel, and wait until it is granted: what happens before is not told."""
        super().subscribe(source, **params)
        self.heard(lambda frame: frame.get("channel") == "subscribe" and frame["data"]["source"] == source)

    def heard(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next frame that fits."""
        assert self._stream is not None
        while True:
            frame: dict[str, Any] = json.loads(self._stream.recv(timeout=PATIENCE_S))
            if fits(frame):
                return frame

    def close(self) -> None:
        """Both ends in order."""
        if self._stream is not None:
            self._stream.close()
        self._http.close()


async def talk(dialogue: Callable[[Caller], Any]) -> tuple[Any, Venue]:
    """Let the client hold a dialogue in a thread beside the server."""
    venue = Venue()
    simulated = SimulatedVenue(venue.face, time.time_ns, PACE, random.Random(1))

    def hold(address: str) -> Any:
        caller = Caller(address)
        try:
            return dialogue(caller)
        finally:
            caller.close()

    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(serve, [Stall(venue=simulated, account=OURS)])
        said = await trio.to_thread.run_sync(hold, address.url.removeprefix("http://"))
        nursery.cancel_scope.cancel()
    return said, venue


async def test_orders_rest_are_cancelled_and_take_over_sockets() -> None:
    def dialogue(client: Caller) -> tuple[Any, ...]:
        client.open()
        for source in ("account_order_updates", "account_trades"):
            client.subscribe(source, account=client.account)
        number = client.limit("59000", tif="ALO")["data"]["order_id"]
        client.heard(lambda frame: frame.get("channel") == "account_order_updates" and str(number) in json.dumps(frame))
        resting = [row["order_id"] for row in client.own("/orders")]
        cancelled = client.post("cancel_order", symbol="BTC", order_id=number)["success"]
        client.market("0.1")
        trade = client.heard(lambda frame: frame.get("channel") == "account_trades" and bool(frame.get("data")))
        held = [row["amount"] for row in client.own("/positions")]
        client.trade("create_market_order", symbol="BTC", amount="0.1", side="ask", slippage_percent="0.5",
                     reduce_only=True, client_order_id="11111111-1111-4111-8111-111111111111")  # fmt: skip
        client.heard(lambda frame: frame.get("channel") == "account_trades" and "close_long" in json.dumps(frame))
        return resting == [number], cancelled, trade["data"][0]["a"], held, client.own("/positions")

    said, venue = await talk(dialogue)
    assert said == (True, True, "0.1", ["0.1"], [])
    assert venue.exchange.open_orders(OURS) == ()
    view, other = venue.exchange.account_view(OURS), venue.exchange.account_view(OTHERS)
    assert view is not None
    assert other is not None
    assert view.equity_usd < D(100_000) == other.equity_usd


async def test_a_wrong_signature_is_refused_and_the_stream_stays_open() -> None:
    def dialogue(client: Caller) -> tuple[int, bool]:
        client.open()
        client.subscribe("bbo", symbol="BTC")
        body = client.body("create_market_order", symbol="BTC", amount="0.1", side="bid", slippage_percent="0.5",
                           reduce_only=False, client_order_id="11111111-1111-4111-8111-111111111111")  # fmt: skip
        client._exchange("POST", "/api/v1/orders/create_market", json.dumps({**body, "amount": "0.2"}).encode())
        return client.status, bool(client.heard(lambda frame: frame.get("channel") == "bbo"))

    (status, told), venue = await talk(dialogue)
    assert (status, told) == (400, True)
    view = venue.exchange.account_view(OURS)
    assert view is not None
    assert view.equity_usd == D(100_000)
