"""The signing process's end, served in a thread over a socket of this process's own."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from actors.domain import Venue
from engine.keys import KeyFile, write_key_file
from engine.signing import Caps, child, market_cap
from engine.signing.frames import PROTOCOL, Ask, Failed, FrameBuffer, Granted, Hello, Refused, Start, framed
from engine.signing.hour_file import held, hour_file_path
from engine.signing.law import HOUR_NS, Law
from engine.signing.venues import open_signer, request_type
from engine.venues.pacifica.signing import PacificaSigned, PacificaSigner
from engine.venues.signing import SigningRefused, SignRequest
from tests.engine.keys.samples import HYPERLIQUID, PACIFICA, leaks
from tests.engine.signing.asking import caps_for, hyperliquid_order, pacifica_order


class Client:
    """The engine's end, blocking."""

    def __init__(self, end: socket.socket, path: Path) -> None:
        self.end, self.path = end, path
        self._buffer = FrameBuffer()
        self._texts: list[bytes] = []

    def start(self, *, protocol: int = PROTOCOL, **changes: Any) -> Hello | Failed:
        caps = caps_for(PACIFICA, **changes)
        self.end.sendall(framed(Start(protocol=protocol, key_path=str(self.path), caps=caps)))
        greeting: Hello | Failed = self.hear(Hello | Failed)
        return greeting

    def ask(self, request: SignRequest | bytes, number: int = 1) -> Granted | Refused:
        raw = request if isinstance(request, bytes) else msgspec.json.encode(request)
        self.end.sendall(framed(Ask(id=number, request=msgspec.Raw(raw))))
        answer: Granted | Refused = self.hear(Granted | Refused)
        return answer

    def hear(self, kind: Any) -> Any:
        while not self._texts:
            self._texts = self._buffer.feed(self.end.recv(4096))
        return msgspec.json.decode(self._texts.pop(0), type=kind)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A thread may not set signals; that is tried in test_process."""
    monkeypatch.setattr(child, "outlive_signals", lambda: None)
    write_key_file(tmp_path / "k", PACIFICA)
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    thread = threading.Thread(target=child.serve, args=(theirs,))
    thread.start()
    with theirs, ours:
        yield Client(ours, tmp_path / "k")
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(20)
    assert not thread.is_alive(), "it ends when its socket does"


def test_it_says_whose_key_it_has_and_signs_as_the_signer_does(client: Client) -> None:
    hello = client.start()
    assert isinstance(hello, Hello)
    own = PacificaSigner.from_base58(PACIFICA.secret.reveal(), account=PACIFICA.account)
    assert (hello.account, hello.address) == (PACIFICA.account, own.public_key)
    answer = client.ask(pacifica_order())
    assert isinstance(answer, Granted)
    assert msgspec.json.decode(answer.signed, type=PacificaSigned) == own.sign(pacifica_order())


def test_it_keeps_its_own_caps_and_counts_what_it_refuses(client: Client) -> None:
    client.start()
    assert client.ask(pacifica_order("100.5")) == Refused(
        id=1, reason="opens 100.5 USD, over the cap of 100 for one order", refusals=1
    )
    assert isinstance(client.ask(pacifica_order("100.5", reduce_only=True), 2), Granted)
    for number in (3, 4):
        assert isinstance(client.ask(pacifica_order("100"), number), Granted)
    refused = client.ask(pacifica_order("100"), 5)
    assert isinstance(refused, Refused)
    assert (refused.id, refused.refusals) == (5, 2)
    assert "within the hour" in refused.reason


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (b"{}", "not a request of this venue's"),
        (b'"x"', "not a request of this venue's"),
        (msgspec.json.encode(pacifica_order(take_profit={})), "not allowed"),
        (msgspec.json.encode({**msgspec.to_builtins(pacifica_order()), "x": 1}), "not a request of this venue's"),
        (msgspec.json.encode({**msgspec.to_builtins(pacifica_order()), "operation": "withdraw"}), "not allowed"),
    ],
)
def test_what_it_does_not_know_is_refused_and_the_next_is_signed(client: Client, request_: bytes, reason: str) -> None:
    client.start()
    answer = client.ask(request_)
    assert isinstance(answer, Refused)
    assert reason in answer.reason
    assert isinstance(client.ask(pacifica_order(), 2), Granted)


def test_a_failure_inside_is_told_by_its_type_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: PacificaSigner, _: object) -> PacificaSigned:
        raise OverflowError(f"{PACIFICA.secret.reveal()} {self._key!r}")

    monkeypatch.setattr(PacificaSigner, "sign", fail)
    client.start()
    answer = client.ask(pacifica_order())
    assert isinstance(answer, Refused)
    assert answer.reason == "could not be signed (OverflowError)"
    assert leaks(answer.reason) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": "mainnet"}, "its network is testnet, asked for is mainnet"),
        ({"account": "another"}, "asked for is another"),
        ({"venue": "hyperliquid"}, "its venue is pacifica, asked for is hyperliquid"),
    ],
)
def test_a_key_for_anything_else_is_refused(client: Client, changes: dict[str, Any], reason: str) -> None:
    if "venue" in changes:
        changes = {"venue": type(PACIFICA.venue)(changes["venue"])}
    failed = client.start(**changes)
    assert isinstance(failed, Failed)
    assert reason in failed.reason


def test_another_protocol_is_refused(client: Client) -> None:
    failed = client.start(protocol=PROTOCOL + 1)
    assert isinstance(failed, Failed)
    assert f"speaks protocol {PROTOCOL + 1}" in failed.reason


def test_a_file_others_can_read_is_refused(client: Client) -> None:
    client.path.chmod(0o644)
    failed = client.start()
    assert isinstance(failed, Failed)
    assert "run: chmod 600" in failed.reason


def test_whoever_says_something_else_first_is_not_served(client: Client) -> None:
    client.end.sendall(framed(Ask(id=1, request=msgspec.Raw(b"{}"))))
    failed = client.hear(Hello | Failed)
    assert failed == Failed(reason="could not begin (ValidationError)")


def hour_file(client: Client) -> Path:
    return hour_file_path(client.path.parent, caps_for(PACIFICA))


def kept_usd(client: Client) -> Decimal:
    text = hour_file(client).read_bytes().split(b"\n")[0]
    return sum((Decimal(each["usd"]) for each in msgspec.json.decode(text)["opened"]), Decimal(0))


def test_what_opens_is_on_disk_before_its_signature_is_released(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at when the answer is about to leave: whatever ends the process afterwards, the file says it."""
    seen: list[Decimal] = []
    send = child.Line.send

    def look_and_send(line: child.Line, message: Any) -> bool:
        seen.append(kept_usd(client))
        return send(line, message)

    monkeypatch.setattr(child.Line, "send", look_and_send)
    client.start()
    for number, usd in enumerate(("70", "80")):
        assert isinstance(client.ask(pacifica_order(usd), number), Granted)
    assert isinstance(client.ask(pacifica_order("99", reduce_only=True), 3), Granted)
    assert isinstance(client.ask(pacifica_order("101"), 4), Refused)
    assert seen == [0, 70, 150, 150, 150]


def test_what_cannot_be_kept_is_not_signed_and_what_reduces_is(client: Client) -> None:
    client.start()
    path = hour_file(client)
    in_the_way = path.with_name(f".{path.name}.new")
    in_the_way.mkdir()
    refused = client.ask(pacifica_order())
    assert isinstance(refused, Refused)
    assert "cannot be kept" in refused.reason
    in_the_way.rmdir()
    again = client.ask(pacifica_order(), 2)
    assert isinstance(again, Refused)
    assert "until the engine is started anew" in again.reason
    assert isinstance(client.ask(pacifica_order(reduce_only=True), 3), Granted)


def test_what_the_signer_refuses_counts_for_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: PacificaSigner, __: object) -> PacificaSigned:
        raise SigningRefused("not now")

    client.start()
    with monkeypatch.context() as patch:
        patch.setattr(PacificaSigner, "sign", refuse)
        assert isinstance(client.ask(pacifica_order("100")), Refused)
    assert kept_usd(client) == 0


def test_a_market_without_a_cap_is_refused_by_its_name(client: Client) -> None:
    client.start()
    refused = client.ask(pacifica_order(symbol="SOL"))
    assert isinstance(refused, Refused)
    assert "market SOL has no cap" in refused.reason
    assert isinstance(client.ask(pacifica_order(symbol="SOL", reduce_only=True), 2), Granted)


class Asked(NamedTuple):
    """One order: where, how much of the market's and of the order's cap, and how long after the last."""

    market: str
    share: Decimal
    usd_share: Decimal
    reduce_only: bool
    later_ns: int

    @property
    def size(self) -> Decimal:
        return (self.share * SIZES[self.market]).quantize(Decimal("0.000001"))

    @property
    def price(self) -> Decimal:
        return (self.usd_share * ORDER_MOST_USD / self.size).quantize(Decimal("0.000001"))


SIZES = {"BTC": Decimal("0.5"), "SOL": Decimal(300), "ETH": Decimal(15)}
UNCAPPED = "ETH"
ORDER_MOST_USD = Decimal(1000)
PARTS = st.sampled_from([Decimal(part) for part in ("0.001", "0.3", "0.6", "1", "1.5", "2")])
ORDERS = st.builds(
    Asked,
    market=st.sampled_from(("BTC", "BTC", "SOL", UNCAPPED)),
    share=PARTS,
    usd_share=PARTS,
    reduce_only=st.sampled_from((False, False, False, True)),
    later_ns=st.sampled_from((0, 0, 1, HOUR_NS // 3, HOUR_NS - 1, HOUR_NS)),
)


@pytest.mark.parametrize("venue", [Venue.PACIFICA, Venue.HYPERLIQUID])
@settings(max_examples=40, deadline=None)
@given(
    orders=st.lists(ORDERS, min_size=5, max_size=12),
    hour_most=st.sampled_from((Decimal(900), Decimal(2500), Decimal(4000))),
    restart=st.integers(0, 6),
)
def test_no_signed_opening_order_exceeds_any_cap(
    venue: Venue, orders: list[Asked], hour_most: Decimal, restart: int
) -> None:
    """Judged from what was asked and signed, over a restart, by whoever knows nothing of the law's own sums."""
    key = PACIFICA if venue is Venue.PACIFICA else HYPERLIQUID
    caps = caps_for(
        key,
        order_most_usd=ORDER_MOST_USD,
        hour_most_usd=hour_most,
        markets=tuple(
            market_cap(venue, asset, most, NUMBERS[venue][asset]) for asset, most in SIZES.items() if asset != UNCAPPED
        ),
    )
    signed: list[tuple[int, Asked]] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as holding:
        desk = desk_of(key, caps, Path(folder), holding, 0)
        now_ns = 0
        for number, asked in enumerate(orders):
            if number == restart:
                holding.close()
                desk = desk_of(key, caps, Path(folder), holding, now_ns)
            now_ns += asked.later_ns
            answer = desk.answer(Ask(id=number, request=msgspec.Raw(msgspec.json.encode(said(venue, asked)))), now_ns)
            if isinstance(answer, Granted):
                signed.append((now_ns, asked))
            else:
                assert not asked.reduce_only, "what reduces is always signed"
    opening = [(at_ns, asked) for at_ns, asked in signed if not asked.reduce_only]
    for at_ns, asked in opening:
        assert asked.market != UNCAPPED
        assert asked.size <= SIZES[asked.market]
        assert asked.size * asked.price <= ORDER_MOST_USD
        hour = [each for when_ns, each in opening if at_ns - HOUR_NS < when_ns <= at_ns]
        assert sum(each.size * each.price for each in hour) <= hour_most
        shares = sum(each.size / SIZES[each.market] for each in hour)
        assert shares * ORDER_MOST_USD <= hour_most * (1 + Decimal("1e-20")), (
            "at no price is more opened than the hour's share"
        )


NUMBERS: dict[Venue, dict[str, int | None]] = {
    Venue.PACIFICA: {"BTC": None, "SOL": None, "ETH": None},
    Venue.HYPERLIQUID: {"BTC": 0, "ETH": 1, "SOL": 5},
}


def desk_of(key: KeyFile, caps: Caps, folder: Path, holding: ExitStack, now_ns: int) -> child.Desk:
    """A process's desk, without its socket; the time is the test's own."""
    hour = holding.enter_context(held(folder, caps, 0))
    return child.Desk(open_signer(key)[0], request_type(key.venue), Law(caps, hour.opened, now_ns), hour)


def said(venue: Venue, asked: Asked) -> SignRequest:
    price, size = f"{asked.price:f}", f"{asked.size:f}"
    if venue is Venue.PACIFICA:
        return pacifica_order(price, symbol=asked.market, amount=size, reduce_only=asked.reduce_only)
    return hyperliquid_order(price, a=NUMBERS[venue][asked.market], s=size, r=asked.reduce_only)


def test_whoever_may_only_reduce_works_beside_a_process_that_holds_the_account_s_file(client: Client) -> None:
    """The last resort, while the signing process of an engine that hangs still lives."""
    with held(client.path.parent, caps_for(PACIFICA)):
        hello = client.start(order_most_usd=Decimal(0), hour_most_usd=Decimal(0), markets=(), leverage_most=0)
        assert isinstance(hello, Hello)
        assert isinstance(client.ask(pacifica_order(reduce_only=True)), Granted)
        assert isinstance(client.ask(pacifica_order(), 2), Refused)
