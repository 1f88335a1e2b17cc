import json

import pytest

from engine.venues.pacifica.signing import PacificaSigner, canonical_message
from tests.shared import fixtures_root


def golden() -> dict:
    return json.loads((fixtures_root() / "pacifica/golden_signing_vectors.json").read_text())


def signer(public_key: str) -> PacificaSigner:
    provenance = golden()["_provenance"]
    main = PacificaSigner.from_base58(provenance["main_base58_secret"])
    assert main.public_key == provenance["main_pubkey"]
    if public_key == main.public_key:
        return main
    return PacificaSigner.from_base58(provenance["agent_base58_secret"], account=main.public_key)


def test_messages_and_bodies_match_the_official_example_code_byte_for_byte():
    vectors = golden()["vectors"]
    assert len(vectors) == 8
    for vector in vectors:
        header, payload = vector["header"], vector["payload"]
        operation, at, window = header["type"], header["timestamp"], header["expiry_window"]
        assert canonical_message(operation, payload, at, window) == vector["message"].encode()
        body = signer(vector["signer"]).body(operation, payload, timestamp_ms=at, expiry_window_ms=window)
        assert body == vector["rest_body"]
        assert list(body) == list(vector["rest_body"])


def test_a_secret_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="64 bytes"):
        PacificaSigner.from_base58("111111")
