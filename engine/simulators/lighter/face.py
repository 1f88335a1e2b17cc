"""Lighter as seen from its wire: requests and frames in, answers and pushes out, over one pure exchange.

Implements `engine.simulators.face.Face`. The exchange's accounts are named by their account index as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

import msgspec

from engine.simulators.exchange import Events, Exchange
from engine.simulators.face import Push
from engine.simulators.lighter.account_frames import AccountFrames
from engine.simulators.lighter.accounts import Accounts
from engine.simulators.lighter.credentials import Credentials, LighterAccount
from engine.simulators.lighter.dialogue import Dialogue
from engine.simulators.lighter.feeds import Feeds
from engine.simulators.lighter.holdings import Holdings
from engine.simulators.lighter.knobs import OTHER_WEIGHT, WEIGHTS, FaceKnobs, Quota
from engine.simulators.lighter.orders import Orders
from engine.simulators.lighter.publisher import Publisher
from engine.simulators.lighter.queries import Query, number_of
from engine.simulators.lighter.reads import Reads
from engine.simulators.lighter.refusals import INVALID_PARAM, Refused, failure, scenario_refusal, success
from engine.simulators.lighter.rules import listings
from engine.simulators.lighter.sequencer import Sequencer
from engine.simulators.lighter.streams import Streams
from engine.simulators.lighter.trades import Trades
from engine.simulators.lighter.verdicts import Transaction
from engine.simulators.lighter.words import NS_PER_S, Row, ms
from engine.simulators.market import Market
from engine.simulators.movement import move_market
from engine.venues.lighter.wire import AUTH_HEADER, CHAIN_ID_MAINNET, REST_PREFIX, STREAM_PATH
from engine.venues.transport import HttpRequest, HttpResponse

SENDS = ("sendTx", "sendTxBatch")
NOT_FOUND = HttpResponse(status=404, body=b"404 page not found", headers=(("content-type", "text/plain"),))


class LighterFace:
    """`accounts` by account index; those with a deposit are opened with it, others must be open in the exchange.

    `market` is sampled as venue "lighter" for every listed instrument. `chain_id` goes into the hashes alone.
    """

    venue = "lighter"

    def __init__(
        self,
        exchange: Exchange,
        market: Market,
        accounts: Mapping[int, LighterAccount],
        *,
        chain_id: int = CHAIN_ID_MAINNET,
        knobs: FaceKnobs | None = None,
    ) -> None:
        self._exchange, self._market, self._knobs = exchange, market, knobs or FaceKnobs()
        self._now_ns = 0
        self._quota = Quota(self._knobs.requests_per_minute)
        for index, account in accounts.items():
            if account.deposit_usd is not None:
                exchange.open_account(str(index), account.deposit_usd)
        self._build(accounts, chain_id)

    def _build(self, accounts: Mapping[int, LighterAccount], chain_id: int) -> None:
        exchange, knobs = self._exchange, self._knobs
        by_id = {listing.market_id: listing for listing in listings(exchange.instruments)}
        by_asset = {listing.asset: listing for listing in by_id.values()}
        self._credentials, self._orders, self._streams = Credentials(accounts), Orders(), Streams(knobs)
        trades = Trades(by_asset, self._orders)
        holdings = Holdings(exchange, by_asset, self._orders)
        self._feeds = Feeds(exchange, by_asset, trades, self._streams, knobs.book_levels)
        frames = AccountFrames(by_id, self._orders, trades, holdings)
        self._publisher = Publisher(
            exchange, accounts, self._orders, trades, holdings, frames, self._streams, self._feeds, knobs.stats_every_s
        )
        self._sequencer = Sequencer(
            exchange, by_id, self._credentials, self._orders, holdings, self._feeds, knobs, chain_id, self._executed
        )
        reads = Reads(exchange, self._market, by_id, trades, self._feeds, chain_id)
        mine = Accounts(exchange, self._credentials, self._orders, trades, holdings, self._sequencer, knobs.tier)
        self._public, self._private = {**reads.routes, **mine.public}, mine.private
        self._dialogue = Dialogue(self._streams, self._feeds, frames, by_id, self._credentials, trades, self._sent)

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire."""
        return self._exchange

    @property
    def busy(self) -> bool:
        """A transaction is on its way, or an order rests."""
        return self._sequencer.waiting or self._orders.resting

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        self._begin(now_ns)
        path = request.path.removeprefix(REST_PREFIX).strip("/")
        try:
            if request.method == "POST":
                return self._post(path, dict(parse_qsl(request.body.decode(errors="replace"))))
            return self._get(path, dict(request.query), dict(request.headers))
        except Refused as refused:
            return failure(refused)

    def connect(self, now_ns: int, path: str) -> int:
        """Open a stream; only `/stream` exists."""
        self._begin(now_ns)
        connection = self._streams.open(self._now_ns)
        if path.partition("?")[0] != STREAM_PATH:
            self._streams.close(connection, "not found")
        else:
            self._streams.send(connection, "connected", {"type": "connected", "session_id": f"session-{connection}"})
        return connection

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Take a subscription, a ping or a transaction."""
        self._begin(now_ns)
        if self._streams.is_open(connection):
            self._dialogue.hear(self._now_ns, connection, frame)

    def disconnect(self, connection: int) -> None:
        """Forget a stream."""
        self._streams.forget(connection)

    def advance(self, now_ns: int) -> None:
        """Execute what is due, move every market, settle funding, push what changed."""
        self._begin(now_ns)
        now_ns = self._now_ns
        for spec in self._exchange.instruments:
            self._happened(move_market(self._exchange, self._market, self.venue, spec.asset, now_ns))
        self._happened(self._exchange.settle_funding(now_ns))
        self._happened(self._exchange.expire(now_ns))
        self._feeds.tell(now_ns)
        self._publisher.margins(now_ns)
        self._streams.tend(now_ns)

    def publish(self, now_ns: int, events: Events) -> None:
        """Tell what a lever pulled on the exchange has caused."""
        self._begin(now_ns)
        self._happened(events)
        self._feeds.tell(self._now_ns)

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
        self._sequencer.release(self._now_ns)

    def _happened(self, events: Events) -> None:
        if events:
            self._publisher.happened(self._now_ns, events)

    def _executed(self, at_ns: int, events: Events, transaction: Transaction | None) -> None:
        """What a transaction did to the books is told at once: the next point of the market may have refilled them."""
        self._publisher.happened(at_ns, events, transaction)
        if events:
            self._feeds.tell(at_ns)

    # requests

    def _get(self, path: str, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        """A private question needs a token of its account, in the header or the query."""
        known = path in self._public or path in self._private
        if not known:
            return NOT_FOUND
        self._quota.spend(self._now_ns, WEIGHTS.get(path, OTHER_WEIGHT) if self._knobs.weighted else 1)
        if path in self._public:
            return self._public[path](self._now_ns, query)
        named = {name.lower(): value for name, value in headers.items()}
        token = named.get(AUTH_HEADER) or query.get("auth", "")
        self._credentials.check_token(token, number_of(query, "account_index"), self._now_ns // NS_PER_S)
        return self._private[path](self._now_ns, query)

    def _post(self, path: str, form: Mapping[str, str]) -> HttpResponse:
        if path not in SENDS:
            return NOT_FOUND
        if path == "sendTx":
            sent = [(number_of(form, "tx_type"), form.get("tx_info", ""))]
        else:
            sent = batch(form.get("tx_types", ""), form.get("tx_infos", ""))
        return success(**self._sent(sent, batched=path == "sendTxBatch"))

    def _sent(self, sent: list[tuple[int, str]], *, batched: bool) -> Row:
        """Accept transactions; the fields of the answer. Raises `Refused`."""
        accepted = self._sequencer.accept(self._now_ns, sent)
        hashes = [transaction.hash for transaction in accepted]
        due_ns = accepted[-1].due_ns
        self._sequencer.release(self._now_ns)
        return {
            "message": '{"ratelimit": "didn\'t use volume quota"}',
            "tx_hash": hashes if batched else hashes[0],
            "predicted_execution_time_ms": ms(due_ns),
            "volume_quota_remaining": 0,
        }


def batch(types: str, infos: str) -> list[tuple[int, str]]:
    """The transactions of a batch: two JSON lists as texts. Raises `Refused`."""
    try:
        kinds = msgspec.json.decode(types, type=list[int])
        texts = msgspec.json.decode(infos, type=list[str])
    except msgspec.DecodeError as error:
        raise Refused(INVALID_PARAM, " : tx_types, tx_infos") from error
    if not kinds or len(kinds) != len(texts):
        raise Refused(21513)
    return list(zip(kinds, texts, strict=True))
