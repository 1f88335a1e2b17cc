"""Hyperliquid's two doors without sockets: POST /info and /exchange, and the stream at /ws.

Implements `engine.simulators.face.Face`. Scenario levers pulled directly on the exchange return events: hand
them to `publish`, or nobody hears of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from engine.simulators.exchange import Event, Events, Exchange, OrderAccepted, OrderDone, OrderFilled
from engine.simulators.face import Push
from engine.simulators.hyperliquid import words
from engine.simulators.hyperliquid.actions import Actions, BadBody, Recover
from engine.simulators.hyperliquid.dead_man import DeadMan
from engine.simulators.hyperliquid.info import Info, UnknownQuestion, VenueFault
from engine.simulators.hyperliquid.knobs import FaceKnobs
from engine.simulators.hyperliquid.limits import AddressLimit, IpLimit, action_weight, info_weight, row_weight
from engine.simulators.hyperliquid.publisher import Pace, Publisher
from engine.simulators.hyperliquid.streams import Streams, Topic
from engine.simulators.hyperliquid.verification import recover_signer
from engine.simulators.market import Market
from engine.simulators.movement import move_market
from engine.venues.transport import HttpRequest, HttpResponse

OK, BAD_REQUEST, NOT_FOUND, BAD_METHOD, UNPROCESSABLE = 200, 400, 404, 405, 422
TOO_MANY, SERVER_ERROR = 429, 500
JSON = (("content-type", "application/json"),)
PLAIN = (("content-type", "text/plain; charset=utf-8"),)
STREAM_PATH = "/ws"
POST_DOORS: Mapping[str, str] = {"info": "/info", "action": "/exchange"}
COIN_TOPICS = ("bbo", "activeAssetCtx", "l2Book", "trades")
USER_TOPICS = (
    *("orderUpdates", "userFills", "userFundings", "userEvents", "userNonFundingLedgerUpdates"),
    *("clearinghouseState", "spotState", "openOrders", "webData2"),
)
FIGURES = (None, 2, 3, 4, 5)
"""What `nSigFigs` of a book may be; anything else costs the socket (WS profile, 2026-09-24)."""


class HyperliquidFace:
    """One simulated Hyperliquid.

    `agents` maps signing addresses to the accounts they act for; an account's own address must be listed too
    when its key signs. `is_mainnet`: which network's signatures are accepted; the venue's SDK signs as testnet
    for any URL that is not mainnet's. `recover` replaces the signature check (for measurements).
    `valid_until_ms`: when an agent ends, by its address.
    """

    venue = "hyperliquid"

    def __init__(
        self,
        exchange: Exchange,
        market: Market,
        agents: Mapping[str, str],
        *,
        is_mainnet: bool = False,
        pace: Pace | None = None,
        recover: Recover | None = None,
        knobs: FaceKnobs | None = None,
        valid_until_ms: Mapping[str, int] | None = None,
    ) -> None:
        known = {signer.lower(): account.lower() for signer, account in agents.items()}
        ends = {signer.lower(): end_ms for signer, end_ms in (valid_until_ms or {}).items()}
        self._knobs = knobs or FaceKnobs()
        self._ip, self._address = IpLimit(self._knobs), AddressLimit(self._knobs)
        self._dead_man = DeadMan(self._knobs, self._address)
        self.exchange = exchange
        self._market = market
        self._assets = tuple(spec.asset for spec in exchange.instruments)
        self._info = Info(
            exchange,
            known,
            knobs=self._knobs,
            address=self._address,
            dead_man=self._dead_man,
            valid_until_ms=ends,
        )
        self._actions = Actions(
            exchange,
            known,
            recover or partial(recover_signer, is_mainnet=is_mainnet),
            knobs=self._knobs,
            address=self._address,
            dead_man=self._dead_man,
            valid_until_ms=ends,
        )
        self._streams = Streams()
        self._publisher = Publisher(exchange, self._info, self._streams, pace or Pace(), self._dead_man)
        self._resting: dict[int, None] = {}
        self._doors: Mapping[str, Callable[[int, Any], HttpResponse]] = {
            "/info": self._ask,
            "/exchange": self._act,
        }

    # requests

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Answer one request. Errors are plain text, as the venue's SDK client needs them to be."""
        door = self._doors.get(request.path)
        if door is None:
            return _plain(NOT_FOUND, "")
        if request.method != "POST":
            return _plain(BAD_METHOD, "")
        try:
            body = json.loads(request.body)
        except ValueError:
            return _plain(BAD_REQUEST, words.BAD_JSON)
        return door(now_ns, body)

    def _ask(self, now_ns: int, body: Any) -> HttpResponse:
        if not self._ip.admits(now_ns, info_weight(body)):
            return self._too_many()
        try:
            answer = self._info.answer(now_ns, body)
            self._ip.charge(now_ns, row_weight(body, answer))
            return _json(answer)
        except UnknownQuestion:
            return _plain(UNPROCESSABLE, words.BAD_BODY)
        except VenueFault:
            return HttpResponse(status=SERVER_ERROR, body=b"null", headers=JSON)

    def _too_many(self) -> HttpResponse:
        wait_s = self._knobs.retry_after_s
        headers = (*PLAIN, ("retry-after", str(wait_s))) if wait_s else PLAIN
        return HttpResponse(status=TOO_MANY, body=words.IP_EXHAUSTED.encode(), headers=headers)

    def _act(self, now_ns: int, body: Any) -> HttpResponse:
        if not self._ip.admits(now_ns, action_weight(body)):
            return self._too_many()
        try:
            reply, events = self._actions.act(now_ns, body)
        except BadBody:
            return _plain(UNPROCESSABLE, words.BAD_BODY)
        self.publish(now_ns, events)
        return _json(reply)

    def refusal(self, now_ns: int, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002
        """What the venue says when it refuses `request`: an action in its own form, a question with HTTP 422."""
        if request.path != "/exchange":
            return _plain(UNPROCESSABLE, reason)
        return _json(self._actions.refuse(json.loads(request.body), reason))

    def cap_next_fill(self, fraction: Decimal) -> None:
        """Let the next IOC fill at most this fraction of its size."""
        self.exchange.cap_next_ioc(fraction)

    # streams

    def connect(self, now_ns: int, path: str) -> int:
        """Open a stream; a path without one is closed at once."""
        connection = self._streams.open(now_ns)
        if path != STREAM_PATH:
            self._streams.drop(connection, "404: no stream here")
        return connection

    def disconnect(self, connection: int) -> None:
        """Forget a stream and its subscriptions."""
        self._streams.close(connection)

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Take a subscription, a ping, or a posted request."""
        try:
            asked = json.loads(frame)
            method = asked["method"]
        except (ValueError, TypeError, KeyError):
            self._complain(now_ns, connection, frame)
            return
        match method:
            case "ping":
                self._streams.send(now_ns, connection, "pong")
            case "subscribe" | "unsubscribe":
                self._subscribe(now_ns, connection, asked, frame)
            case "post":
                self._post(now_ns, connection, asked, frame)
            case _:
                self._complain(now_ns, connection, frame)

    def _subscribe(self, now_ns: int, connection: int, asked: dict[str, Any], frame: bytes) -> None:
        wish = asked.get("subscription")
        topic = _topic(wish)
        if topic is None:
            self._complain(now_ns, connection, frame)
        elif self._kills(topic, wish):
            self._streams.drop(connection, "1006: unknown coin")
        elif asked["method"] == "unsubscribe":
            self._streams.unsubscribe(connection, topic)
            self._streams.send(now_ns, connection, "subscriptionResponse", asked)
        elif not self._streams.subscribe(connection, topic):
            text = f"Already subscribed: {json.dumps(wish, separators=(',', ':'))}"
            self._streams.send(now_ns, connection, "error", text)
        else:
            self._streams.send(now_ns, connection, "subscriptionResponse", asked)
            self._publisher.greet(now_ns, connection, topic)

    def _kills(self, topic: Topic, wish: Any) -> bool:
        """Whether this wish costs the socket, without a word."""
        coin = topic[1].partition("|")[2] if topic[0] == "activeAssetData" else topic[1]
        about_coin = topic[0] in (*COIN_TOPICS, "activeAssetData")
        return (about_coin and coin not in self._assets) or wish.get("nSigFigs") not in FIGURES

    def _complain(self, now_ns: int, connection: int, frame: bytes) -> None:
        echo = frame.decode(errors="replace")
        self._streams.send(now_ns, connection, "error", words.BAD_FRAME.format(echo=echo))

    def _post(self, now_ns: int, connection: int, asked: dict[str, Any], frame: bytes) -> None:
        request = asked.get("request")
        if not isinstance(request, dict) or not isinstance(request.get("payload"), dict):
            self._complain(now_ns, connection, frame)
            return
        kind, payload = request.get("type"), request["payload"]
        door = POST_DOORS.get(str(kind))
        response = _plain(UNPROCESSABLE, words.BAD_BODY) if door is None else self._doors[door](now_ns, payload)
        answer: Any = msgspec.Raw(response.body)
        if response.status != OK:
            kind, answer = "error", response.body.decode()
        elif kind == "info":
            answer = {"type": payload["type"], "data": answer}
        data = {"id": asked.get("id"), "response": {"type": kind, "payload": answer}}
        self._streams.send(now_ns, connection, "post", data)

    # the world moves

    def advance(self, now_ns: int) -> None:
        """Move every market to `now_ns`, settle whole hours, and tell what changed."""
        events: list[Event] = []
        for asset in self._assets:
            events += move_market(self.exchange, self._market, self.venue, asset, now_ns)
        events += self.exchange.settle_funding(now_ns)
        events += self.exchange.expire(now_ns)
        events += self._dead_men(now_ns)
        self._absorb(now_ns, tuple(events))
        for asset in self._assets:
            self._publisher.market_moved(now_ns, asset)
        self._publisher.periodic(now_ns)
        self._streams.drop_idle(now_ns)

    def _dead_men(self, now_ns: int) -> list[Event]:
        """Cancel everything of the accounts whose switch has run out."""
        ended = [event for account in self._dead_man.due(now_ns) for event in self.exchange.cancel_all(now_ns, account)]
        self._dead_man.ended.update((event.order_id, None) for event in ended if isinstance(event, OrderDone))
        return ended

    def publish(self, now_ns: int, events: Events) -> None:
        """Tell what these events did, to accounts and to the books of their markets."""
        self._absorb(now_ns, events)
        touched = dict.fromkeys(asset for event in events if (asset := getattr(event, "asset", None)))
        for asset in touched:
            self._publisher.market_moved(now_ns, asset)

    def _absorb(self, now_ns: int, events: Events) -> None:
        for event in events:
            if isinstance(event, OrderAccepted) and event.resting_size:
                self._resting[event.order_id] = None
            elif isinstance(event, OrderDone):
                self._resting.pop(event.order_id, None)
            elif isinstance(event, OrderFilled):
                self._address.traded(event.account, event.size * event.price)
        if events:
            self._publisher.happened(now_ns, events)

    def take_outbox(self) -> list[Push]:
        """Everything that waits, in order."""
        return self._streams.take()

    @property
    def busy(self) -> bool:
        """True while an order rests."""
        return bool(self._resting)


def _topic(wish: Any) -> Topic | None:
    """None for a subscription the venue would not understand."""
    if not isinstance(wish, dict):
        return None
    kind = wish.get("type")
    if kind == "allMids":
        return "allMids", ""
    if kind == "activeAssetData":
        return kind, f"{str(wish.get('user')).lower()}|{wish.get('coin')}"
    about = wish.get("coin") if kind in COIN_TOPICS else wish.get("user") if kind in USER_TOPICS else None
    if not isinstance(kind, str) or not isinstance(about, str):
        return None
    return kind, about.lower() if kind in USER_TOPICS else about


def _json(answer: Any) -> HttpResponse:
    return HttpResponse(status=OK, body=msgspec.json.encode(answer), headers=JSON)


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(status=status, body=text.encode(), headers=PLAIN)
