"""A client of Pacifica written from the venue's documentation alone: an independent witness for the simulated face.

It shares nothing with the engine but the two structs of a request and its answer: its own signing (Ed25519 over
compact JSON with sorted keys), its own paths, its own words.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import base58
from nacl.signing import SigningKey

from engine.simulators.pacifica import PacificaFace
from engine.venues.transport import HttpRequest

PATHS = {
    "create_order": "/api/v1/orders/create",
    "create_market_order": "/api/v1/orders/create_market",
    "edit_order": "/api/v1/orders/edit",
    "cancel_order": "/api/v1/orders/cancel",
    "cancel_all_orders": "/api/v1/orders/cancel_all",
    "update_leverage": "/api/v1/account/leverage",
}
BATCH_NAMES = {
    "create_order": "Create",
    "create_market_order": "CreateMarket",
    "edit_order": "Edit",
    "cancel_order": "Cancel",
}


def in_order(value: Any) -> Any:
    """Keys sorted at every depth."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [in_order(item) for item in value]
    return value


def signature(key: SigningKey, kind: str, data: dict[str, Any], timestamp: int, window: int) -> str:
    """What the documentation calls the signature of {timestamp, expiry_window, type, data}."""
    message = {"timestamp": timestamp, "expiry_window": window, "type": kind, "data": data}
    text = json.dumps(in_order(message), separators=(",", ":"))
    return base58.b58encode(key.sign(text.encode("utf-8")).signature).decode()


def public_key(key: SigningKey) -> str:
    """Base58, as the venue names accounts."""
    return base58.b58encode(bytes(key.verify_key)).decode()


class Client:
    """One key; trades for its own account, or as an agent for another."""

    def __init__(self, face: PacificaFace, seed: bytes, *, account: str = "", api_key: str = "") -> None:
        self.face, self._key, self._api_key = face, SigningKey(seed), api_key
        self.key = public_key(self._key)
        self.account = account or self.key
        self.now_ms = 0
        self.connection = 0
        self.headers: dict[str, str] = {}
        self.status = 0

    # REST

    def body(self, kind: str, window: int = 5_000, **data: Any) -> dict[str, Any]:
        """A signed body: `type` and `data` are not sent, `account` and `agent_wallet` are not signed."""
        agent = {} if self.key == self.account else {"agent_wallet": self.key}
        return {
            "account": self.account,
            **agent,
            "signature": signature(self._key, kind, data, self.now_ms, window),
            "timestamp": self.now_ms,
            "expiry_window": window,
            **data,
        }

    def post(self, kind: str, **data: Any) -> Any:
        """One signed operation; the envelope."""
        return self._exchange("POST", PATHS[kind], json.dumps(self.body(kind, **data)).encode())

    def batch(self, *parts: tuple[str, dict[str, Any]]) -> Any:
        """Up to ten operations, each signed by itself."""
        actions = [{"type": BATCH_NAMES[kind], "data": self.body(kind, **data)} for kind, data in parts]
        return self._exchange("POST", "/api/v1/orders/batch", json.dumps({"actions": actions}).encode())

    def get(self, path: str, **query: Any) -> Any:
        """An unsigned question; never with a body."""
        params = tuple((name, str(value)) for name, value in query.items())
        return self._exchange("GET", "/api/v1" + path, b"", params)

    def own(self, path: str, **query: Any) -> Any:
        """A question about the account; its data."""
        return self.get(path, account=self.account, **query)["data"]

    def _exchange(self, method: Any, path: str, body: bytes, query: tuple[tuple[str, str], ...] = ()) -> Any:
        headers = (("content-type", "application/json"),) if body else ()
        headers += (("PF-API-KEY", self._api_key),) if self._api_key else ()
        request = HttpRequest(method=method, path=path, query=query, headers=headers, body=body)
        response = self.face.http(self.now_ms * 1_000_000, request)
        self.status, self.headers = response.status, dict(response.headers)
        return json.loads(response.body)

    # orders, in the documentation's fields

    def limit(self, price: str, amount: str = "0.1", side: str = "bid", tif: str = "GTC", **more: Any) -> Any:
        """A limit order on BTC with a client id of its own."""
        fields = {"symbol": "BTC", "reduce_only": False, "client_order_id": str(uuid.uuid4())} | more
        return self.post("create_order", price=price, amount=amount, side=side, tif=tif, **fields)

    def market(self, amount: str = "0.1", side: str = "bid", **more: Any) -> Any:
        """A market order on BTC."""
        fields = {"symbol": "BTC", "reduce_only": False, "client_order_id": str(uuid.uuid4())} | more
        return self.post("create_market_order", amount=amount, side=side, slippage_percent="0.5", **fields)

    # WebSocket

    def open(self) -> None:
        """Connect; the key goes into the handshake's header."""
        self.connection = self.face.connect(self.now_ms * 1_000_000, "/ws")
        if self._api_key:
            self.face.introduce(self.connection, self._api_key)

    def say(self, frame: dict[str, Any]) -> None:
        """Send a frame."""
        self.face.receive(self.now_ms * 1_000_000, self.connection, json.dumps(frame).encode())

    def subscribe(self, source: str, **params: Any) -> None:
        """Ask for a channel."""
        self.say({"method": "subscribe", "params": {"source": source, **params}})

    def trade(self, kind: str, **data: Any) -> str:
        """The same operation over the stream; the id of the request."""
        request_id = str(uuid.uuid4())
        self.say({"id": request_id, "params": {kind: self.body(kind, **data)}})
        return request_id

    def hear(self) -> list[dict[str, Any]]:
        """Every frame that was pushed to us."""
        pushes = [push for push in self.face.take_outbox() if push.connection == self.connection and push.frame]
        return [json.loads(push.frame) for push in pushes]

    def wait(self, ms: int) -> None:
        """Let the world go on."""
        self.now_ms += ms
        self.face.advance(self.now_ms * 1_000_000)
