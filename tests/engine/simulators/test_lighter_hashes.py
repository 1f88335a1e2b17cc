"""The simulated Lighter names a transaction as the venue does."""

import json

import msgspec
import pytest

from engine.simulators.lighter.hashes import hash_of
from engine.simulators.lighter.transactions import parse
from engine.venues.lighter.wire_orders import CreateOrderInfo
from tests.engine.simulators.lighter_desk import Desk, body
from tests.shared import fixtures_root


def vectors():
    path = fixtures_root() / "lighter" / "nautilus" / "signing_tx_oracle.json"
    return [each for each in json.loads(path.read_text())["vectors"] if each["tx_type"] in (14, 15, 16, 20)]


def test_recorded_hashes_are_reproduced():
    known = vectors()
    assert {each["tx_type"] for each in known} == {14, 15}
    for vector in known:
        asked = parse(vector["tx_type"], vector["tx_info"])
        assert hash_of(vector["chain_id"], vector["tx_type"], asked) == vector["tx_hash"], vector["kind"]


@pytest.mark.parametrize("change", [{"nonce": 9}, {"price": 1}, {"expired_at": 5}, {"l2_tx_attributes": {"4": 1}}])
def test_whatever_is_signed_changes_the_hash(change):
    info = Desk().order()
    asked = parse(14, json.dumps(info))
    assert isinstance(asked, CreateOrderInfo)
    assert hash_of(304, 14, asked) != hash_of(304, 14, msgspec.structs.replace(asked, **change))
    assert hash_of(304, 14, asked) != hash_of(300, 14, asked)
    assert hash_of(304, 14, asked) == hash_of(304, 14, msgspec.structs.replace(asked, sig="", l2_tx_attributes={}))


def test_an_attribute_that_says_nothing_is_not_hashed():
    info = Desk().info(TimeInForce=0, Time=0)
    plain, nil, one = (parse(16, json.dumps(info | {"L2TxAttributes": each})) for each in (None, {"5": 255}, {"5": 1}))
    assert hash_of(304, 16, plain) == hash_of(304, 16, nil) != hash_of(304, 16, one)


def test_the_answer_to_a_transaction_is_its_hash():
    desk = Desk()
    info = desk.order()
    assert body(desk.send(14, info))["tx_hash"] == hash_of(304, 14, parse(14, json.dumps(info)))
