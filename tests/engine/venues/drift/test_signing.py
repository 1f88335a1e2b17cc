import base64
from decimal import Decimal

import base58
import msgspec
import pytest
from nacl.signing import VerifyKey

from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_coder import idl_path
from engine.venues.drift.sdk_instructions import Instructions
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.signing import DriftSigned, DriftSigner, DriftSignRequest
from engine.venues.drift.values import CancelMarket, CancelSlot, PlaceOrder, SettlePnl
from engine.venues.drift.wire import PROGRAM_ID
from engine.venues.signing import Opening, Purpose, SigningRefused
from tests.engine.venues.drift.chain import BLOCKHASH, OTHER, SIGNER, Chain

ORDER = PlaceOrder(
    market_index=0,
    user_order_id=1,
    is_buy=True,
    size=2_000_000_000,
    price=150_000_000,
    reduce_only=False,
    ioc=True,
    post_only=False,
    max_ts=1_790_000_000,
)


OTHER_PROGRAM = DriftProgram(program_id=base58.b58encode(b"\x07" * 32).decode())
OPENS = Opening(market="0", size=Decimal(2_000_000_000), usd=Decimal(300))


def request(instruction, *, signer=SIGNER, account=SIGNER, unit_price=0):
    chain = Chain()
    chain.read()
    build = Instructions(chain.accounts, signer.public_key)
    text = build.message(instruction, BLOCKHASH, units=600_000, unit_price=unit_price)
    return DriftSignRequest(message=text, account=account.account)


def of_instructions(*instructions, payer=SIGNER, tables=(), legacy=False):
    """A request around instructions of anybody's making."""
    from solders.hash import Hash
    from solders.message import Message, MessageV0, to_bytes_versioned
    from solders.pubkey import Pubkey

    key, blockhash = Pubkey.from_string(payer.public_key), Hash.from_string(BLOCKHASH)
    if legacy:
        raw = bytes(Message.new_with_blockhash(list(instructions), key, blockhash))
    else:
        raw = to_bytes_versioned(MessageV0.try_compile(key, list(instructions), list(tables), blockhash))
    return DriftSignRequest(message=base64.b64encode(raw).decode(), account=SIGNER.account)


def drift_instruction(name, data, keys, program_id=PROGRAM_ID):
    from anchorpy.program.common import NamedInstruction
    from solders.instruction import AccountMeta, Instruction
    from solders.pubkey import Pubkey

    from engine.venues.drift.sdk_coder import coder_of

    program = Pubkey.from_string(program_id)
    raw = coder_of("").instruction.build(NamedInstruction(data=data, name=name))
    return Instruction(program, raw, [AccountMeta(key, is_signer=False, is_writable=True) for key in keys])


def built(**changes):
    """The drift instruction of an order whose parameters were changed behind our back."""
    import dataclasses

    from engine.venues.drift.sdk_instructions import order_params

    chain = Chain()
    chain.read()
    params = dataclasses.replace(order_params(ORDER), **changes)
    return Instructions(chain.accounts, SIGNER.public_key)._client.get_place_perp_order_ix(params)


def spoilt(*instructions, **options):
    return of_instructions(*instructions, **options)


def test_the_signature_is_ed25519_over_the_message_and_stands_first_in_the_transaction():
    asked = request(ORDER)
    signed = SIGNER.sign(asked)
    raw, message = base64.b64decode(signed.transaction), base64.b64decode(asked.message)
    signature = base58.b58decode(signed.signature)
    assert raw == b"\x01" + signature + message
    VerifyKey(base58.b58decode(SIGNER.account)).verify(message, signature)


def test_the_transaction_is_one_the_sdk_reads_and_verifies():
    from solders.transaction import VersionedTransaction

    signed = SIGNER.sign(request(ORDER))
    transaction = VersionedTransaction.from_bytes(base64.b64decode(signed.transaction))
    assert transaction.verify_with_results() == [True]
    assert str(transaction.signatures[0]) == signed.signature


@pytest.mark.parametrize(
    ("instruction", "purpose"),
    [
        (ORDER, Purpose(operation="order", opens=(OPENS,))),
        (msgspec.structs.replace(ORDER, reduce_only=True), Purpose(operation="order")),
        (msgspec.structs.replace(ORDER, ioc=False, post_only=True), Purpose(operation="order", opens=(OPENS,))),
        (CancelSlot(user_order_id=3), Purpose(operation="cancel")),
        (CancelMarket(market_index=0), Purpose(operation="cancel")),
        (SettlePnl(market_index=0), Purpose(operation="settle")),
    ],
)
def test_the_purpose_is_read_from_the_message(instruction, purpose):
    assert SIGNER.purpose_of(request(instruction)) == purpose


def test_several_orders_open_what_they_open_together():
    assert SIGNER.purpose_of(spoilt(built(), built())) == Purpose(operation="order", opens=(OPENS, OPENS))


def test_a_transfer_of_money_is_refused():
    from solders.pubkey import Pubkey
    from solders.system_program import TransferParams, transfer

    chain = Chain()
    theft = transfer(TransferParams(from_pubkey=chain.accounts.authority, to_pubkey=Pubkey.default(), lamports=1))
    for asked in (spoilt(theft), spoilt(built(), theft)):
        with pytest.raises(SigningRefused, match="1111 is not allowed"):
            SIGNER.sign(asked)


def test_a_withdrawal_from_the_program_is_refused():
    withdraw = {"market_index": 0, "amount": 1, "reduce_only": False}
    keys = [Chain().accounts.state_key, Chain().accounts.user_key]
    with pytest.raises(SigningRefused, match="instruction withdraw is not allowed"):
        SIGNER.sign(spoilt(drift_instruction("withdraw", withdraw, keys)))


def test_a_durable_nonce_is_refused():
    from solders.system_program import AdvanceNonceAccountParams, advance_nonce_account

    key = Chain().accounts.authority
    held = advance_nonce_account(AdvanceNonceAccountParams(nonce_pubkey=key, authorized_pubkey=key))
    with pytest.raises(SigningRefused, match="is not allowed"):
        SIGNER.sign(spoilt(held, built()))


def test_an_order_of_any_other_kind_is_refused():
    from driftpy.types import OrderType

    for changes in ({"order_type": OrderType.Market()}, {"price": 0}, {"bit_flags": 2}, {"oracle_price_offset": 5}):
        with pytest.raises(SigningRefused, match="not a plain limit order"):
            SIGNER.sign(spoilt(built(**changes)))


def test_an_order_for_another_user_account_is_refused():
    keys = [Chain().accounts.state_key, Chain().accounts.stats_key]
    with pytest.raises(SigningRefused, match="another User account"):
        SIGNER.sign(spoilt(drift_instruction("cancel_order_by_user_id", {"user_order_id": 1}, keys)))
    with pytest.raises(SigningRefused, match="another User account"):
        SIGNER.sign(spoilt(drift_instruction("cancel_order_by_user_id", {"user_order_id": 1}, [])))


def test_another_payer_is_refused():
    with pytest.raises(SigningRefused, match="is to be paid and signed by"):
        SIGNER.sign(request(ORDER, signer=OTHER))


def test_a_second_signer_is_refused():
    from solders.instruction import AccountMeta, Instruction
    from solders.pubkey import Pubkey

    wanted = Instruction(Pubkey.default(), b"", [AccountMeta(Pubkey.default(), is_signer=True, is_writable=False)])
    with pytest.raises(SigningRefused, match="other signatures"):
        SIGNER.sign(spoilt(wanted))


def test_accounts_named_by_a_lookup_table_are_refused():
    from solders.address_lookup_table_account import AddressLookupTableAccount
    from solders.pubkey import Pubkey

    chain = Chain()
    table = AddressLookupTableAccount(Pubkey.from_bytes(b"\x01" * 32), [chain.accounts.user_key])
    with pytest.raises(SigningRefused, match="lookup tables"):
        SIGNER.sign(spoilt(built(), tables=(table,)))


def test_what_is_no_message_is_refused():
    for text in ("?!", base64.b64encode(b"\x80nothing").decode(), ""):
        with pytest.raises(SigningRefused, match=r"cannot be read|not a plain"):
            SIGNER.sign(DriftSignRequest(message=text, account=SIGNER.account))
    with pytest.raises(SigningRefused, match="not a plain MessageV0"):
        SIGNER.sign(spoilt(built(), legacy=True))
    whole = base64.b64decode(request(ORDER).message) + b"\x00"
    with pytest.raises(SigningRefused, match=r"cannot be read|not a plain"):
        SIGNER.sign(DriftSignRequest(message=base64.b64encode(whole).decode(), account=SIGNER.account))


def test_a_message_without_an_instruction_of_the_program_is_refused():
    from solders.compute_budget import set_compute_unit_limit

    with pytest.raises(SigningRefused, match="holds no instruction"):
        SIGNER.sign(spoilt(set_compute_unit_limit(5)))


def test_a_dearer_fee_than_allowed_is_refused():
    asked = request(ORDER, unit_price=2_000_000)
    assert SIGNER.read(asked).fee_most_lamports == 5_000 + 1_200_000
    with pytest.raises(SigningRefused, match="the fee may reach 1205000 lamports"):
        SIGNER.sign(asked)
    assert DriftSigner(bytes(range(32)), fee_most_lamports=1_205_000).sign(asked).signature


def test_another_account_or_sub_account_is_refused():
    asked = request(ORDER)
    for changes in ({"sub_account": 1}, {"account": OTHER.account}):
        with pytest.raises(SigningRefused, match="another account or sub-account"):
            SIGNER.sign(msgspec.structs.replace(asked, **changes))


def test_a_signer_signs_for_the_program_it_was_made_for_and_no_other():
    from solders.pubkey import Pubkey

    signers = {of: DriftSigner(bytes(range(32)), of) for of in (DriftProgram(), OTHER_PROGRAM)}
    for traded in signers:
        keys = [Pubkey.default(), Accounts(traded, SIGNER.account, 0, (0,)).user_key]
        asked = spoilt(drift_instruction("cancel_order_by_user_id", {"user_order_id": 1}, keys, traded.program_id))
        for of, signer in signers.items():
            if of == traded:
                assert signer.purpose_of(asked) == Purpose(operation="cancel")
                assert signer.sign(asked).signature
            else:
                with pytest.raises(SigningRefused, match=r"an instruction of .* is not allowed"):
                    signer.sign(asked)


def test_an_idl_of_another_digest_is_refused_and_none_is_named_by_a_request(tmp_path):
    file = tmp_path / "idl.json"
    file.write_bytes(idl_path("").read_bytes())
    assert DriftSigner(bytes(range(32)), DriftProgram(idl_file=str(file))).sign(request(ORDER)).signature
    changed = tmp_path / "changed.json"
    changed.write_bytes(idl_path("").read_bytes() + b"\n")
    with pytest.raises(SigningRefused, match=r"IDL cannot be used: .*changed\.json has sha256"):
        DriftSigner(bytes(range(32)), DriftProgram(idl_file=str(changed))).sign(request(ORDER))
    named = {**msgspec.to_builtins(request(ORDER)), "program": {"idl_file": str(changed)}}
    with pytest.raises(msgspec.ValidationError, match="program"):
        msgspec.convert(named, DriftSignRequest)


def test_a_delegate_signs_for_the_account_that_named_it():
    delegate = DriftSigner(bytes(range(64, 96)), account=SIGNER.account)
    signed = delegate.sign(request(ORDER, signer=OTHER))
    VerifyKey(base58.b58decode(OTHER.public_key)).verify(
        base64.b64decode(signed.transaction)[65:], base58.b58decode(signed.signature)
    )
    assert delegate.account == SIGNER.account


def test_requests_and_answers_survive_json():
    asked = request(ORDER)
    assert msgspec.json.decode(msgspec.json.encode(asked), type=DriftSignRequest) == asked
    signed = SIGNER.sign(asked)
    assert msgspec.json.decode(msgspec.json.encode(signed), type=DriftSigned) == signed


def test_a_secret_of_another_length_is_no_seed():
    with pytest.raises(ValueError, match="has 32 bytes, this one 64"):
        DriftSigner(bytes(64))


def test_the_same_number_makes_two_equal_cancels_two_transactions():
    chain = Chain()
    chain.read()
    build = Instructions(chain.accounts, SIGNER.public_key)
    texts = [build.message(CancelSlot(user_order_id=1), BLOCKHASH, units=600_000 + n, unit_price=0) for n in (1, 2)]
    signatures = [SIGNER.sign(DriftSignRequest(message=text, account=SIGNER.account)).signature for text in texts]
    assert signatures[0] != signatures[1]
