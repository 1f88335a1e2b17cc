import base64

import pytest

from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_coder import coder_of
from engine.venues.drift.sdk_instructions import Instructions, order_params
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.values import CancelMarket, CancelSlot, PlaceOrder, SettlePnl
from tests.engine.venues.drift.chain import BLOCKHASH, OTHER, SIGNER, Chain

ORDER = PlaceOrder(
    market_index=0,
    user_order_id=200,
    is_buy=False,
    size=1_250_000_000,
    price=149_500_000,
    reduce_only=True,
    ioc=False,
    post_only=True,
    max_ts=1_790_000_000,
)


def built(instruction, chain=None, signer=SIGNER):
    """The message of an instruction, its program's name for it, and its arguments."""
    from solders.message import from_bytes_versioned

    chain = chain or Chain()
    chain.read()
    text = Instructions(chain.accounts, signer.public_key).message(instruction, BLOCKHASH, units=600_001, unit_price=7)
    message = from_bytes_versioned(base64.b64decode(text))
    parsed = coder_of("").instruction.parse(bytes(message.instructions[-1].data))
    return message, parsed.name, parsed.data


def test_a_post_only_order_is_placed_with_exactly_these_parameters():
    message, name, data = built(ORDER)
    assert name == "place_perp_order"
    params = data.params
    asked = repr(type(params)(**vars(order_params(ORDER))))
    assert repr(params) == asked.replace("PostOnlyParams", "PostOnlyParam"), "the SDK and the IDL name it differently"
    assert (params.user_order_id, params.base_asset_amount, params.price) == (200, 1_250_000_000, 149_500_000)
    assert (params.reduce_only, params.bit_flags, params.max_ts) == (True, 0, 1_790_000_000)
    assert (type(params.post_only).__name__, type(params.direction).__name__) == ("MustPostOnly", "Short")
    assert str(message.recent_blockhash) == BLOCKHASH


def test_an_ioc_order_is_placed_and_taken_without_a_condition():
    order = PlaceOrder(**{f: getattr(ORDER, f) for f in ORDER.__struct_fields__} | {"ioc": True, "post_only": False})
    _, name, data = built(order)
    assert name == "place_and_take_perp_order"
    assert data.success_condition is None
    assert (data.params.bit_flags, type(data.params.post_only).__name__) == (1, "None")


@pytest.mark.parametrize(
    ("instruction", "name", "arguments"),
    [
        (CancelSlot(user_order_id=9), "cancel_order_by_user_id", {"user_order_id": 9}),
        (CancelMarket(market_index=0), "cancel_orders", {"market_index": 0, "direction": None}),
        (SettlePnl(market_index=0), "settle_pnl", {"market_index": 0}),
    ],
)
def test_cancels_and_settlements_decode_to_what_was_asked(instruction, name, arguments):
    _, found, data = built(instruction)
    assert found == name
    assert {key: getattr(data, key) for key in arguments} == arguments


def test_the_accounts_of_every_held_market_are_named():
    chain = Chain(base=10**9, quote=-150_000_000)
    message, _, _ = built(CancelSlot(user_order_id=9), chain)
    keys = [str(key) for key in message.account_keys]
    assert {chain.accounts.market_address(0), str(chain.oracle_key), str(chain.accounts.spot_key)} <= set(keys)


def test_a_delegate_signs_and_pays_for_the_user_of_the_authority():
    chain = Chain()
    message, _, _ = built(ORDER, chain, OTHER)
    keys = [str(key) for key in message.account_keys]
    assert keys[0] == OTHER.public_key
    assert str(chain.accounts.user_key) in keys


def test_nothing_is_built_before_the_accounts_were_read():
    accounts = Accounts(DriftProgram(), SIGNER.account, 0, (0,))
    with pytest.raises(ValueError, match="not been read"):
        Instructions(accounts, SIGNER.account).message(ORDER, BLOCKHASH, units=1, unit_price=0)


def test_another_program_gets_other_accounts_and_its_own_instructions():
    from solders.pubkey import Pubkey

    program = DriftProgram(program_id=str(Pubkey.from_bytes(b"\x07" * 32)))
    accounts = Accounts(program, SIGNER.account, 0, (0,))
    assert accounts.user_key != Chain().accounts.user_key
    client = Instructions(accounts, SIGNER.account)._client
    assert str(client.program.program_id) == program.program_id
