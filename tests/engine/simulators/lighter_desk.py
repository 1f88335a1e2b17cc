"""A client of the simulated Lighter: makes transactions with invented signatures, asks, listens."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from urllib.parse import urlencode

from engine.simulators.exchange import CrowdSpec, Exchange, FeeSchedule
from engine.simulators.lighter import (
    LIGHTER_FEES,
    LIGHTER_RULES,
    FaceKnobs,
    LighterAccount,
    LighterFace,
    lighter_instrument,
)
from engine.simulators.market import DepthLevel, MarketPoint
from engine.venues.transport import HttpRequest, HttpResponse

D = Decimal
MS = 1_000_000
S = 1_000_000_000
HOUR_NS = 3600 * S
START_NS = 1_790_000_000 * S // HOUR_NS * HOUR_NS
ME, OTHER = 712, 4242
KEY = 4
SIG = base64.b64encode(bytes(range(80))).decode()
CREATE, CANCEL, CANCEL_ALL, LEVERAGE = 14, 15, 16, 20
LIMIT, MARKET = 0, 1
IOC, GTT, POST_ONLY = 0, 1, 2
MIDS = {"BTC": D(60_000), "ETH": D(2500), "PEPE": D("0.00001"), "NEW": D(3)}
Body = dict[str, object]


class StillMarket:
    """The same point for ever, until a test moves a mid. BTC: bids from 59988.0 (1, then 5), asks from 60012.0."""

    assets = tuple(MIDS)
    start_ns = START_NS - 48 * HOUR_NS
    end_ns = None

    def __init__(self) -> None:
        self.mids = dict(MIDS)
        self.premium = D(0)
        self.taker_sell_per_s = D(0)
        self.taker_buy_per_s = D(0)

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint:
        mid = self.mids[asset]
        unit = D(60_000) / MIDS[asset]
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=mid,
            oracle=mid / (1 + self.premium),
            spread_bps=D(4),
            depth=(DepthLevel(bps=D(0), size=unit), DepthLevel(bps=D(10), size=5 * unit)),
            premium=self.premium,
            open_interest=D(1000),
            taker_buy_per_s=self.taker_buy_per_s,
            taker_sell_per_s=self.taker_sell_per_s,
        )

    def gaps(self) -> tuple[()]:
        return ()

    def provenance(self) -> tuple[()]:
        return ()


def token(account: int = ME, *, expiry_s: int = START_NS // S + 6 * 3600, key: int = KEY) -> str:
    """An auth token in form."""
    return f"{expiry_s}:{account}:{key}:{'ab' * 80}"


class Desk:
    """Two accounts of 100,000 USD; time stands still until `wait`."""

    def __init__(
        self,
        knobs: FaceKnobs | None = None,
        *,
        fees: FeeSchedule = LIGHTER_FEES,
        crowd: CrowdSpec | None = None,
        deposit: int = 100_000,
    ) -> None:
        self.market = StillMarket()
        self.exchange = Exchange(
            rules=LIGHTER_RULES,
            instruments=(
                lighter_instrument("BTC", tick="0.1", lot="0.00001", max_leverage=50),
                lighter_instrument("ETH", tick="0.01", lot="0.0001", max_leverage=50),
                lighter_instrument("PEPE", tick="0.000000001", lot="1000", max_leverage=10),
                lighter_instrument("NEW", tick="0.001", lot="1", max_leverage=3),
            ),
            fees=fees,
            crowd=crowd,
        )
        accounts = {
            index: LighterAccount(l1_address=f"0x{index:040x}", keys={KEY: f"{index:080x}"}, deposit_usd=D(deposit))
            for index in (ME, OTHER)
        }
        self.face = LighterFace(self.exchange, self.market, accounts, knobs=knobs)
        self.now_ns = START_NS
        self.nonces = dict.fromkeys((ME, OTHER), 0)
        self.clients = 0
        self.face.advance(self.now_ns)

    # time

    def wait(self, ms: int = 1000) -> None:
        self.now_ns += ms * MS
        self.face.advance(self.now_ns)

    def ahead_ms(self, seconds: float) -> int:
        return self.now_ns // MS + int(seconds * 1000)

    def auth(self, account: int = ME) -> str:
        """A token that is good now."""
        return token(account, expiry_s=self.now_ns // S + 3600)

    # requests

    def get(self, path: str, auth: str = "", **query: object) -> HttpResponse:
        request = HttpRequest(
            method="GET",
            path="/api/v1/" + path,
            query=tuple((name, str(value)) for name, value in query.items()),
            headers=(("Authorization", auth),) if auth else (),
        )
        return self.face.http(self.now_ns, request)

    def ask(self, path: str, auth: str = "", **query: object) -> Body:
        response = self.get(path, auth, **query)
        assert response.status == 200, response.body
        return body(response)

    def post(self, path: str, **form: object) -> HttpResponse:
        text = urlencode({name: str(value) for name, value in form.items()}).encode()
        return self.face.http(self.now_ns, HttpRequest(method="POST", path="/api/v1/" + path, body=text))

    # transactions

    def info(self, account: int = ME, **fields: object) -> Body:
        signed = {
            "AccountIndex": account,
            "ApiKeyIndex": KEY,
            "ExpiredAt": self.ahead_ms(599),
            "Nonce": self.nonces.get(account, 0),
            "Sig": SIG,
            "L2TxAttributes": None,
        }
        return signed | fields

    def order(self, account: int = ME, **fields: object) -> Body:
        """A post-only buy of 0.1 BTC at 59,980.0 unless said otherwise, with a client index of its own."""
        self.clients += 1
        made: Body = {
            "MarketIndex": 1,
            "ClientOrderIndex": self.clients,
            "BaseAmount": 10_000,
            "Price": 599_800,
            "IsAsk": 0,
            "Type": LIMIT,
            "TimeInForce": POST_ONLY,
            "ReduceOnly": 0,
            "TriggerPrice": 0,
            "OrderExpiry": self.ahead_ms(86_400),
        }
        return self.info(account, **(made | fields))

    def ioc(self, account: int = ME, **fields: object) -> Body:
        """A limit IOC buy of 0.1 BTC at 60,100.0."""
        taking: Body = {"TimeInForce": IOC, "OrderExpiry": 0, "Price": 601_000}
        return self.order(account, **(taking | fields))

    def send(self, tx_type: int, info: Body) -> HttpResponse:
        response = self.post("sendTx", tx_type=tx_type, tx_info=json.dumps(info))
        if response.status == 200:
            self.nonces[int(str(info["AccountIndex"]))] = int(str(info["Nonce"])) + 1
        return response

    def place(self, info: Body | None = None, *, wait_ms: int = 300) -> str:
        """Send an order, expect it to be accepted, and wait for its execution; returns the hash."""
        return self.do(CREATE, info or self.order(), wait_ms=wait_ms)

    def do(self, tx_type: int, info: Body, *, wait_ms: int = 300) -> str:
        response = self.send(tx_type, info)
        assert response.status == 200, response.body
        if wait_ms:
            self.wait(wait_ms)
        return str(body(response)["tx_hash"])

    def refused(self, tx_type: int, info: Body) -> int:
        response = self.send(tx_type, info)
        assert response.status in (400, 429), response.body
        return int(str(body(response)["code"]))

    def verdict(self, tx_hash: str) -> tuple[int, int]:
        """Status, and the application error's code or 0."""
        row = self.ask("tx", by="hash", value=tx_hash)
        error = json.loads(str(row["event_info"])).get("ae", "")
        return int(str(row["status"])), json.loads(error)["code"] if error else 0

    def orders(self, kind: str = "accountActiveOrders", account: int = ME) -> list[Body]:
        rows = self.ask(kind, self.auth(account), account_index=account, limit=100)["orders"]
        assert isinstance(rows, list)
        return rows

    def last_order(self) -> Body:
        return self.orders("accountInactiveOrders")[0]

    def size(self, account: int = ME, asset: str = "BTC") -> Decimal:
        position = self.exchange.position(str(account), asset)
        return D(0) if position is None else position.size

    # streams

    def listen(self, *channels: str, account: int = ME) -> int:
        """A connection with these subscriptions, its first frames taken away."""
        connection = self.face.connect(self.now_ns, "/stream")
        for channel in channels:
            self.say(connection, {"type": "subscribe", "channel": channel, "auth": self.auth(account)})
        self.heard(connection)
        return connection

    def say(self, connection: int, frame: Body) -> None:
        self.face.receive(self.now_ns, connection, json.dumps(frame).encode())

    def heard(self, connection: int) -> list[Body]:
        """The frames since last asked, pings left out."""
        pushes = [push for push in self.face.take_outbox() if push.connection == connection and push.frame]
        frames = [json.loads(push.frame) for push in pushes]
        return [frame for frame in frames if frame.get("type") != "ping"]

    def closed(self, connection: int) -> list[str]:
        return [push.close for push in self.face.take_outbox() if push.connection == connection and push.close]


def body(response: HttpResponse) -> Body:
    found = json.loads(response.body)
    assert isinstance(found, dict)
    return found
