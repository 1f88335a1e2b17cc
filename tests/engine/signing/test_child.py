"""The signing process's end, served in a thread over a socket of this process's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.keys import write_key_file
from engine.signing import child
from engine.signing.frames import PROTOCOL, Ask, Failed, FrameBuffer, Granted, Hello, Refused, Start, framed
from engine.venues.pacifica.signing import PacificaSigned, PacificaSigner
from engine.venues.signing import SignRequest
from tests.engine.keys.samples import PACIFICA, leaks
from tests.engine.signing.asking import caps_for, pacifica_order


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
    assert answer.opens_usd == 1


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
