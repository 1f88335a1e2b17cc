"""What the library signs is what was asked for, its hashes are the recorded ones' kin, and it never asks the venue."""

import json
import re
import subprocess
import sys
import time
from base64 import b64decode
from decimal import Decimal

import msgspec
import pytest

from engine.venues.lighter.signing import LighterSigner, throwaway_secret
from engine.venues.lighter.signing_request import (
    AuthToken,
    CancelAll,
    CancelOrder,
    CreateOrder,
    LighterSignRequest,
    ScheduleCancelAll,
    UpdateLeverage,
)
from engine.venues.lighter.wire import CHAIN_ID_TESTNET, TX_EXPIRY_S
from engine.venues.signing import Opening, Purpose, SigningRefused
from tests.engine.venues.lighter.txhash import FIELDS, transaction_hash
from tests.shared import fixtures_root

SECRET = throwaway_secret(bytes(range(32)))
ACCOUNT, KEY = 991, 7


def signer():
    return LighterSigner(SECRET, ACCOUNT, KEY, CHAIN_ID_TESTNET)


def order(**changes):
    fields = {
        "market_index": 1,
        "client_order_index": 2**48 - 1,
        "base_amount": 20_000,
        "price": 600_123,
        "is_ask": True,
        "time_in_force": 2,
        "reduce_only": False,
        "order_expiry": 1_790_000_000_000,
        "size_decimals": 5,
        "price_decimals": 1,
        "nonce": 0,
    }
    return CreateOrder(**(fields | changes))


BODIES = {
    "order": order(),
    "ioc": order(time_in_force=0, order_expiry=0, is_ask=False, reduce_only=True, nonce=41, price=2**32 - 1),
    "cancel": CancelOrder(market_index=0, index=123, nonce=2**40),
    "cancel_all": CancelAll(market_index=35, nonce=3),
    "cancel_all_of_market_0": CancelAll(market_index=0, nonce=3),
    "schedule": ScheduleCancelAll(at_ms=1_990_000_000_000, nonce=4),
    "leverage": UpdateLeverage(market_index=254, leverage=3, nonce=5),
}


def asked(body):
    return LighterSignRequest(chain_id=CHAIN_ID_TESTNET, body=body)


def golden(name):
    return json.loads((fixtures_root() / "lighter" / "nautilus" / name).read_text())["vectors"]


def test_recorded_transaction_hashes_are_those_of_their_own_fields():
    vectors = [vector for vector in golden("signing_tx_oracle.json") if vector["tx_type"] in FIELDS]
    assert len(vectors) == 5
    for vector in vectors:
        info = json.loads(vector["tx_info"])
        assert transaction_hash(vector["chain_id"], vector["tx_type"], info) == vector["tx_hash"]


@pytest.mark.parametrize("name", BODIES)
def test_the_library_hashes_what_it_was_asked_to_sign(name):
    signed = signer().sign(asked(BODIES[name]))
    info = json.loads(signed.tx_info)
    assert transaction_hash(CHAIN_ID_TESTNET, signed.tx_type, info) == signed.tx_hash
    assert len(b64decode(info["Sig"])) == 80
    assert (info["AccountIndex"], info["ApiKeyIndex"], info["Nonce"]) == (ACCOUNT, KEY, BODIES[name].nonce)


def test_an_order_is_signed_field_by_field():
    info = json.loads(signer().sign(asked(BODIES["order"])).tx_info)
    expected = {
        "MarketIndex": 1,
        "ClientOrderIndex": 2**48 - 1,
        "BaseAmount": 20_000,
        "Price": 600_123,
        "IsAsk": 1,
        "Type": 0,
        "TimeInForce": 2,
        "ReduceOnly": 0,
        "TriggerPrice": 0,
        "OrderExpiry": 1_790_000_000_000,
        "L2TxAttributes": None,
    }
    assert {name: info[name] for name in expected} == expected


def test_prices_above_two_to_the_31_stay_positive():
    assert json.loads(signer().sign(asked(BODIES["ioc"])).tx_info)["Price"] == 2**32 - 1


def test_cancels_leverage_and_schedule_carry_their_terms():
    sign = signer().sign
    assert json.loads(sign(asked(BODIES["cancel"])).tx_info)["Index"] == 123
    assert json.loads(sign(asked(BODIES["cancel_all"])).tx_info)["L2TxAttributes"] == {"5": 35}
    assert json.loads(sign(asked(BODIES["cancel_all_of_market_0"])).tx_info)["L2TxAttributes"] == {"5": 0}
    schedule = json.loads(sign(asked(BODIES["schedule"])).tx_info)
    assert (schedule["TimeInForce"], schedule["Time"]) == (1, 1_990_000_000_000)
    leverage = json.loads(sign(asked(BODIES["leverage"])).tx_info)
    assert (leverage["InitialMarginFraction"], leverage["MarginMode"]) == (3333, 0)


def test_the_library_alone_decides_when_a_transaction_lapses():
    before_s = time.time()
    expired_at = json.loads(signer().sign(asked(BODIES["order"])).tx_info)["ExpiredAt"] / 1000
    assert before_s + TX_EXPIRY_S - 1 <= expired_at <= time.time() + TX_EXPIRY_S + 1


def test_an_auth_token_names_its_deadline_account_and_key():
    token = signer().sign(asked(AuthToken(deadline_s=1_700_000_000))).token
    assert re.fullmatch(rf"1700000000:{ACCOUNT}:{KEY}:[0-9a-f]{{160}}", token)
    for vector in golden("signing_auth_token_oracle.json"):
        head = f"{vector['deadline']}:{vector['account_index']}:{vector['api_key_index']}:"
        assert re.fullmatch(rf"{re.escape(head)}[0-9a-f]{{160}}", vector["token"])


def test_the_same_seed_gives_the_same_key_and_another_seed_another():
    assert throwaway_secret(bytes(range(32))) == SECRET
    assert throwaway_secret(bytes(32)) != SECRET
    assert len(SECRET) == 40
    assert SECRET[-1] < 0x40


def test_two_signers_of_one_place_each_sign_with_their_own_key_and_network():
    signers = {chain: LighterSigner(SECRET, ACCOUNT, KEY, chain) for chain in (CHAIN_ID_TESTNET, 304)}
    for chain in (CHAIN_ID_TESTNET, 304, CHAIN_ID_TESTNET):
        signed = signers[chain].sign(LighterSignRequest(chain_id=chain, body=BODIES["cancel"]))
        assert transaction_hash(chain, signed.tx_type, json.loads(signed.tx_info)) == signed.tx_hash


def test_a_key_of_another_length_is_refused():
    with pytest.raises(SigningRefused, match="40 bytes"):
        LighterSigner(bytes(32), ACCOUNT, 9, CHAIN_ID_TESTNET)


def test_another_network_is_refused_before_the_library_sees_it():
    with pytest.raises(SigningRefused, match="network 304"):
        signer().sign(LighterSignRequest(chain_id=304, body=BODIES["cancel"]))


@pytest.mark.parametrize(
    "body",
    [
        order(nonce=-1),
        order(base_amount=0),
        order(base_amount=2**48),
        order(price=0),
        order(price=2**32),
        order(client_order_index=0),
        order(client_order_index=2**48),
        order(market_index=255),
        order(time_in_force=3),
        CancelOrder(market_index=0, index=0, nonce=1),
        CancelAll(market_index=255, nonce=1),
        UpdateLeverage(market_index=0, leverage=0, nonce=1),
    ],
)
def test_what_is_out_of_the_venue_s_range_is_refused_before_the_library_sees_it(body):
    with pytest.raises(SigningRefused):
        signer().sign(asked(body))


def test_what_the_library_refuses_is_a_refusal():
    with pytest.raises(SigningRefused, match="OrderExpiry is invalid"):
        signer().sign(asked(order(time_in_force=0)))


def test_a_purpose_tells_the_notional_an_order_opens():
    usd = Decimal("0.2") * Decimal("60012.3")
    opens = Opening(market="1", size=Decimal(20_000), usd=usd)
    assert asked(order()).purpose == Purpose(operation="order", opens=(opens,))
    assert asked(order()).purpose.opens_usd == usd
    assert asked(order(reduce_only=True)).purpose == Purpose(operation="order")
    assert asked(BODIES["leverage"]).purpose == Purpose(operation="leverage", leverage=3)
    assert asked(BODIES["cancel"]).purpose.operation == "cancel"
    assert asked(BODIES["cancel_all"]).purpose.operation == "cancel"
    assert asked(BODIES["schedule"]).purpose.operation == "dead_man"
    assert asked(AuthToken(deadline_s=1)).purpose.operation == "auth"


@pytest.mark.parametrize("name", BODIES)
def test_a_request_crosses_a_process_border_unchanged(name):
    request = asked(BODIES[name])
    assert msgspec.json.decode(msgspec.json.encode(request), type=LighterSignRequest) == request


def test_a_request_for_anything_else_is_not_even_readable():
    text = b'{"chain_id":300,"body":{"type":"Withdraw","amount":1,"nonce":1}}'
    with pytest.raises(msgspec.ValidationError, match="Withdraw"):
        msgspec.json.decode(text, type=LighterSignRequest)


WITHOUT_NETWORK = """
import socket
def refuse(*_): raise AssertionError("the network was touched")
socket.socket.connect = refuse
from tests.engine.venues.lighter.test_signing import BODIES, asked, signer
own = signer()
for body in BODIES.values(): own.sign(asked(body))
import sys
assert not [name for name in ("lighter", "asyncio", "aiohttp") if name in sys.modules], "the SDK was imported"
"""


def test_signing_neither_imports_the_sdk_nor_waits_for_anybody():
    began_s = time.monotonic()
    command = [sys.executable, "-c", WITHOUT_NETWORK]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began_s < 30


def test_decimals_that_would_make_an_order_count_for_too_little_are_refused():
    with pytest.raises(SigningRefused, match="decimals"):
        signer().sign(LighterSignRequest(chain_id=CHAIN_ID_TESTNET, body=order(size_decimals=18, price_decimals=18)))
