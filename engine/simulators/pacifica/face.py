"""Pacifica as seen from its wire: requests and frames in, replies and pushes out, over one pure exchange."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.simulators.exchange import Events, Exchange
from engine.simulators.face import Push
from engine.simulators.market import Market
from engine.simulators.movement import move_market
from engine.simulators.pacifica.broadcast import Broadcast
from engine.simulators.pacifica.credits import IP, Credits, cost_of, cost_of_get
from engine.simulators.pacifica.entry import Entry, FaceKnobs
from engine.simulators.pacifica.numbers import Numbers
from engine.simulators.pacifica.reads import Reads
from engine.simulators.pacifica.replies import BODY_ON_GET, Refused, failure, scenario_refusal, success
from engine.simulators.pacifica.signature import verified_payload
from engine.simulators.pacifica.streams import Streams, Topic
from engine.simulators.pacifica.words import ms
from engine.venues.pacifica.wire import ACCESS_HEADER, REST_PREFIX, STREAM_PATH
from engine.venues.transport import HttpRequest, HttpResponse

POSTS = {
    "/orders/create": "create_order",
    "/orders/create_market": "create_market_order",
    "/orders/edit": "edit_order",
    "/orders/cancel": "cancel_order",
    "/orders/cancel_all": "cancel_all_orders",
    "/account/leverage": "update_leverage",
}
BATCH_PATH = "/orders/batch"
BATCH_MOST = 10
BATCHED = {
    "Create": "create_order",
    "CreateMarket": "create_market_order",
    "Edit": "edit_order",
    "Cancel": "cancel_order",
}
"""Operations of a batch; stop orders and targets are not simulated."""
KEYED_CHANNEL = "account_liquidations"
SYMBOL_CHANNELS = ("bbo", "book", "trades")
ACCOUNT_CHANNELS = (
    "account_info",
    "account_positions",
    "account_orders",
    "account_order_updates",
    "account_trades",
)
WS_CODES = {400: 400, 403: 403, 404: 400, 422: 420, 429: 429, 500: 500}
TOO_MANY = Refused(429, "Too Many Requests")
"""The venue's body is not documented."""


class PacificaFace:
    """`accounts`: deposit in USD by public key; `agents`: the agent keys that may sign for an account.

    `market` is sampled as venue "pacifica" for every listed instrument; its asset names are the venue's
    symbols. `api_keys`: whose key a client may show in the header PF-API-KEY; such a client has a bucket of its own.
    """

    venue = "pacifica"
    key_header = ACCESS_HEADER.lower()

    def __init__(
        self,
        exchange: Exchange,
        market: Market,
        accounts: Mapping[str, Decimal],
        *,
        agents: Mapping[str, tuple[str, ...]] | None = None,
        knobs: FaceKnobs | None = None,
        seed: int = 0,
        api_keys: Mapping[str, str] | None = None,
    ) -> None:
        self._exchange, self._market, self._agents = exchange, market, agents or {}
        self._knobs, self._api_keys = knobs or FaceKnobs(), api_keys or {}
        self._credits = Credits(self._knobs.credits_unidentified, self._knobs.credits_identified)
        self._numbers = Numbers()
        self._streams = Streams(self._knobs.idle_most_s, self._knobs.age_most_s)
        self._broadcast = Broadcast(exchange, self._numbers, self._streams, self._knobs, tuple(accounts))
        rng = random.Random(f"pacifica|{seed}")
        self._entry = Entry(exchange, self._numbers, self._knobs, rng, self._happened)
        self._reads = Reads(exchange, self._numbers, self._knobs)
        self._now_ns = 0
        for account, deposit_usd in accounts.items():
            exchange.open_account(account, deposit_usd)

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire."""
        return self._exchange

    @property
    def busy(self) -> bool:
        """An order waits in the speed bump, or rests."""
        return self._entry.waiting or self._broadcast.resting

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        self._begin(now_ns)
        bucket = self._bucket(request)
        try:
            response = self._respond(request, bucket)
        except Refused as refused:
            response = failure(refused)
        self._broadcast.accounts(self._now_ns)
        limits = self._credits.headers(bucket, self._now_ns)
        return msgspec.structs.replace(response, headers=(*response.headers, *limits))

    def connect(self, now_ns: int, path: str) -> int:
        """Open a stream; only `/ws` exists."""
        self._begin(now_ns)
        connection = self._streams.open(self._now_ns)
        if path != STREAM_PATH:
            self._streams.reject(connection, "not found")
        return connection

    def introduce(self, connection: int, api_key: str) -> None:
        """The client's handshake carried this key."""
        account = self._api_keys.get(api_key)
        if account is not None:
            self._streams.introduce(connection, account)

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Take a subscription, a ping or a signed operation."""
        self._begin(now_ns)
        if not self._streams.is_open(connection):
            return
        self._streams.heard(connection, self._now_ns)
        try:
            said = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            said = None
        if isinstance(said, dict):
            self._hear(connection, said)
        else:
            self._error(connection, 400, "Invalid message")
        self._broadcast.accounts(self._now_ns)

    def disconnect(self, connection: int) -> None:
        """Forget a stream."""
        self._streams.forget(connection)

    def advance(self, now_ns: int) -> None:
        """Release delayed orders, move every market, settle funding, push what changed."""
        self._begin(now_ns)
        now_ns = self._now_ns
        for spec in self._exchange.instruments:
            self._happened(move_market(self._exchange, self._market, self.venue, spec.asset, now_ns))
        self._happened(self._exchange.settle_funding(now_ns))
        self._happened(self._exchange.expire(now_ns))
        self._broadcast.markets(now_ns)
        self._broadcast.accounts(now_ns)
        self._broadcast.margins(now_ns)
        self._streams.close_stale(now_ns)

    def publish(self, now_ns: int, events: Events) -> None:
        """Tell what a lever pulled on the exchange has caused, to accounts and to the books of their markets."""
        self._begin(now_ns)
        self._happened(events)
        self._broadcast.markets(self._now_ns)
        self._broadcast.accounts(self._now_ns)

    def refusal(self, now_ns: int, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002
        """Refuse a request unexecuted, in the venue's words."""
        self._begin(now_ns)
        return failure(scenario_refusal(reason))

    def cap_next_fill(self, fraction: Decimal) -> None:
        """Let the next IOC fill at most this fraction of its size."""
        self._exchange.cap_next_ioc(fraction)

    def take_outbox(self) -> list[Push]:
        """Hand over all waiting pushes."""
        return self._streams.take()

    def _begin(self, now_ns: int) -> None:
        self._now_ns = max(self._now_ns, now_ns)
        self._entry.release(self._now_ns)

    def _happened(self, events: Events) -> None:
        if events:
            self._broadcast.events(events, self._now_ns)

    # requests

    def _bucket(self, request: HttpRequest) -> str:
        """Whose credits it costs: the account of a valid key, else the one address everybody has."""
        keys = [value for name, value in request.headers if name.lower() == self.key_header]
        return self._api_keys.get(keys[0], IP) if keys else IP

    def _pay(self, bucket: str, cost: Decimal) -> None:
        if not self._credits.take(bucket, cost, self._now_ns):
            raise TOO_MANY

    def _respond(self, request: HttpRequest, bucket: str) -> HttpResponse:
        if request.method == "GET" and request.body:
            return HttpResponse(status=403, headers=(("content-type", "text/html"),), body=BODY_ON_GET)
        if not request.path.startswith(REST_PREFIX + "/"):
            raise Refused(404, "Not found")
        path = request.path[len(REST_PREFIX) :]
        if request.method == "GET":
            query = dict(request.query)
            self._pay(bucket, cost_of_get(path, query, identified=bucket != IP))
            return self._reads.answer(self._now_ns, path, query)
        if path != BATCH_PATH and path not in POSTS:
            raise Refused(404, "Not found")
        try:
            body = msgspec.json.decode(request.body, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise Refused(400, "Failed to parse the request body as JSON") from error
        if path == BATCH_PATH:
            return success(self._batch(body, bucket))
        self._pay(bucket, cost_of(POSTS[path]))
        return success(self._signed(POSTS[path], body))

    def _batch(self, body: Mapping[str, object], bucket: str) -> dict[str, object]:
        """One bad signature fails the whole (official tools, 2026-07); otherwise each has a result of its own."""
        actions = body.get("actions")
        if not isinstance(actions, list) or not 0 < len(actions) <= BATCH_MOST:
            raise Refused(400, "Invalid batch operation parameters")
        parts = [_batched(action) for action in actions]
        self._pay(bucket, sum((cost_of(operation) for operation, _ in parts), Decimal(0)))
        payloads = [verified_payload(kind, data, self._agents, ms(self._now_ns)) for kind, data in parts]
        done = zip(parts, payloads, strict=True)
        return {"results": [self._result(str(data["account"]), kind, payload) for (kind, data), payload in done]}

    def _result(self, account: str, operation: str, payload: dict[str, object]) -> dict[str, object]:
        try:
            done = self._entry.perform(self._now_ns, account, operation, payload)
        except Refused as refused:
            return {"success": False, "order_id": None, "error": refused.error}
        number = done["order_id"] if isinstance(done, dict) else payload.get("order_id")
        return {"success": True, "order_id": number, "error": None}

    def _signed(self, operation: str, body: Mapping[str, object]) -> object:
        payload = verified_payload(operation, body, self._agents, ms(self._now_ns))
        return self._entry.perform(self._now_ns, str(body["account"]), operation, payload)

    # frames

    def _hear(self, connection: int, said: dict[str, object]) -> None:
        params = said.get("params")
        if said.get("method") == "ping":
            self._streams.send(connection, "pong", {"channel": "pong"}, self._now_ns)
        elif said.get("method") in ("subscribe", "unsubscribe") and isinstance(params, dict):
            self._subscription(connection, str(said["method"]), params)
        elif isinstance(params, dict) and len(params) == 1:
            self._operation(connection, said.get("id"), *next(iter(params.items())))
        else:
            self._error(connection, 400, "Invalid message")

    def _subscription(self, connection: int, method: str, params: dict[str, object]) -> None:
        """An unknown symbol, account or source gets no acknowledgement (seen by a third-party client, 2025)."""
        if params.get("source") == KEYED_CHANNEL:
            self._keyed_subscription(connection, method, params)
            return
        topic = self._topic(params)
        if topic is None:
            return
        ack = {"channel": method, "data": params}
        if method == "unsubscribe":
            self._streams.unsubscribe(connection, topic)
            self._streams.send(connection, method, ack, self._now_ns)
            return
        self._streams.send(connection, method, ack, self._now_ns)
        self._streams.subscribe(connection, topic)
        data = self._broadcast.snapshot(topic, self._now_ns)
        if data is not None:
            frame = {"channel": topic[0], "data": data}
            self._streams.send(connection, topic[0], frame, self._now_ns)

    def _keyed_subscription(self, connection: int, method: str, params: dict[str, object]) -> None:
        """Only for the account whose API key opened the connection (docs "Account liquidations", 2026)."""
        account = str(params.get("account"))
        if not account or account != self._streams.account_of_key(connection):
            self._error(connection, 403, "Forbidden")
            return
        self._streams.send(connection, method, {"channel": method, "data": params}, self._now_ns)
        topic = (KEYED_CHANNEL, account)
        (self._streams.subscribe if method == "subscribe" else self._streams.unsubscribe)(connection, topic)

    def _topic(self, params: dict[str, object]) -> Topic | None:
        source = str(params.get("source"))
        if source == "prices":
            return source, ""
        symbol, account = str(params.get("symbol")), str(params.get("account"))
        if source in SYMBOL_CHANNELS and self._exchange.instrument(symbol) is not None:
            return source, symbol
        if source in ACCOUNT_CHANNELS and self._exchange.has_account(account):
            return source, account
        return None

    def _operation(self, connection: int, request_id: object, operation: str, body: object) -> None:
        """Trading over the stream: the same signed bodies, another envelope."""
        reply: dict[str, object] = {"id": request_id, "type": operation, "t": ms(self._now_ns)}
        bucket = self._streams.account_of_key(connection) or IP
        try:
            if not isinstance(body, dict):
                raise Refused(400, "Invalid message")
            self._pay(bucket, cost_of(operation))
            done = self._signed(operation, body)
        except Refused as refused:
            reply |= {"code": WS_CODES.get(refused.status, 500), "err": refused.error}
        else:
            reply |= {"code": 200, "data": _stream_ack(body, done)}
        reply["rl"] = self._credits.left(bucket, self._now_ns)
        self._streams.send(connection, operation, reply, self._now_ns)

    def _error(self, connection: int, code: int, text: str) -> None:
        frame = {"code": code, "err": text, "t": ms(self._now_ns)}
        self._streams.send(connection, "error", frame, self._now_ns)


def _batched(action: object) -> tuple[str, dict[str, object]]:
    """Operation and signed body of one action of a batch. Raises `Refused`."""
    match action:
        case {"type": str(kind), "data": dict(data)} if kind in BATCHED:
            return BATCHED[kind], data
    raise Refused(400, "Invalid batch operation parameters")


def _stream_ack(body: dict[str, object], done: object) -> object:
    if isinstance(done, dict) and "order_id" not in done:
        return done
    number = done["order_id"] if isinstance(done, dict) else None
    return {"I": body.get("client_order_id"), "i": number, "s": body.get("symbol")}
