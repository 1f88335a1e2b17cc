"""Fields read at their places say what the SDK's own coder says of the same bytes."""

from __future__ import annotations

import random

import pytest

from engine.venues.drift.sdk_coder import coder_of, word_of
from engine.venues.drift.sdk_fields import Fields
from tests.engine.venues.drift.chain import discriminator, layout, zero

NAMES = (
    "pubkey",
    "amm.sqrtK",
    "amm.baseAssetAmountShort",
    "amm.oracleSource",
    "name",
    "feeAdjustment",
    "lastFillPrice",
)


def noise(seed: int) -> bytes:
    """A market of random bytes, but for the enums and truths, which must be known words."""
    import io

    assert zero("PerpMarket")
    stream = io.BytesIO(bytes(10_000))
    layout("PerpMarket").parse_stream(stream)
    rng = random.Random(seed)
    return discriminator("account", "PerpMarket") + bytes(rng.randrange(2) for _ in range(stream.tell()))


@pytest.mark.parametrize("seed", range(5))
def test_every_field_is_the_coder_s(seed: int) -> None:
    raw = noise(seed)
    whole, found = coder_of("").accounts.decode(raw), Fields("", "PerpMarket", NAMES).read(raw)
    amm = whole.amm
    assert found["pubkey"] == str(whole.pubkey)
    assert (found["amm.sqrtK"], found["amm.baseAssetAmountShort"]) == (amm.sqrt_k, amm.base_asset_amount_short)
    assert found["amm.oracleSource"] == word_of(amm.oracle_source)
    assert found["name"] == bytes(whole.name)
    assert (found["feeAdjustment"], found["lastFillPrice"]) == (whole.fee_adjustment, whole.last_fill_price)


def test_too_few_bytes_and_an_unknown_word_are_refused() -> None:
    fields = Fields("", "PerpMarket", ("status",))
    raw = noise(1)
    with pytest.raises(ValueError, match=f"{len(raw) - 1} bytes, not {len(raw)}"):
        fields.read(raw[:-1])
    with pytest.raises(ValueError, match="an enum of 9 words has the number 255"):
        fields.read(raw[:8] + b"\xff" * (len(raw) - 8))


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="weather"):
        Fields("", "PerpMarket", ("weather",))
