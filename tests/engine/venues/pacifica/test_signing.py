import json
from typing import Any

import pytest

from engine.venues.pacifica.signing import PacificaSigner, PacificaSignRequest
from engine.venues.pacifica.signing_request import canonical_message
from engine.venues.signing import SigningRefused
from tests.engine.venues.pacifica.world import signed
from tests.shared import fixtures_root

CANCEL = {"symbol": "BTC", "client_order_id": "1"}


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((fixtures_root() / "pacifica/golden_signing_vectors.json").read_text())
    return found


def signer(public_key: str) -> PacificaSigner:
    provenance = golden()["_provenance"]
    main = PacificaSigner.from_base58(provenance["main_base58_secret"])
    assert main.public_key == provenance["main_pubkey"]
    if public_key == main.public_key:
        return main
    return PacificaSigner.from_base58(provenance["agent_base58_secret"], account=main.public_key)


def test_messages_and_bodies_match_the_official_example_code_byte_for_byte() -> None:
    vectors = golden()["vectors"]
    assert len(vectors) == 8
    for vector in vectors:
        header, payload = vector["header"], vector["payload"]
        operation, at, window = header["type"], header["timestamp"], header["expiry_window"]
        assert canonical_message(operation, payload, at, window) == vector["message"].encode()
        body = signed(signer(vector["signer"]), operation, payload, timestamp_ms=at, expiry_window_ms=window)
        assert body == vector["rest_body"]
        assert list(body) == list(vector["rest_body"])


def request(operation: str) -> PacificaSignRequest:
    return PacificaSignRequest(operation=operation, payload=CANCEL, timestamp_ms=1, expiry_window_ms=5000)


def test_only_an_agents_signature_names_its_key() -> None:
    own = PacificaSigner(bytes(32))
    agent = PacificaSigner(bytes(32), account="somebody")
    assert own.sign(request("cancel_order")).agent_wallet is None
    assert agent.sign(request("cancel_order")).agent_wallet == own.account
    assert agent.sign(request("cancel_order")).signature == own.sign(request("cancel_order")).signature


def test_what_may_not_be_signed_is_refused_by_the_signer_itself() -> None:
    with pytest.raises(SigningRefused, match="withdraw is not allowed"):
        PacificaSigner(bytes(32)).sign(request("withdraw"))


def test_a_secret_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        PacificaSigner.from_base58("111111")


def test_the_key_does_not_show() -> None:
    assert repr(PacificaSigner(bytes(32))) == "PacificaSigner(4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS)"
