"""The simulated Solana node: blockhashes, the way of a transaction, its history, and the node's own errors."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest

from engine.simulators.drift import DriftKnobs
from engine.simulators.drift.chain import GENESIS_NS
from engine.venues.drift import wire
from engine.venues.transport import HttpRequest
from tests.engine.simulators.drift_world import SLOT_NS, START_NS, D, Desk, code, names, order, read_account


def text(transaction: Any) -> str:
    return base64.b64encode(bytes(transaction)).decode()


def placing(desk: Desk, **changes: Any) -> Any:
    return desk.signed(desk.instruction("place_perp_order", {"params": order(**({"price": "149"} | changes))}))


def status(desk: Desk, signature: str, **config: Any) -> Any:
    return desk.ask("getSignatureStatuses", [signature], config)["value"][0]


# time


def test_a_slot_every_400_ms_and_older_ones_for_certainty() -> None:
    desk = Desk()
    slot = (START_NS - GENESIS_NS) // SLOT_NS
    shown = [desk.ask("getSlot", {"commitment": each}) for each in ("processed", "confirmed", "finalized")]
    assert shown == [slot, slot - 2, slot - 32]
    assert desk.ask("getSlot") == slot - 32
    desk.wait(4)
    assert desk.ask("getSlot", {"commitment": "processed"}) == slot + 10
    heights = [desk.ask("getBlockHeight", {"commitment": each}) for each in ("processed", "finalized")]
    assert heights[0] - heights[1] == 32


def test_time_never_goes_back() -> None:
    desk = Desk()
    slot = desk.ask("getSlot")
    desk.now_ns -= 10 * SLOT_NS
    assert desk.ask("getSlot") == slot


# a transaction's way


def test_a_transaction_is_acknowledged_at_once_and_lands_a_slot_later() -> None:
    desk = Desk()
    transaction = placing(desk)
    signature = desk.send(transaction)["result"]
    assert signature == str(transaction.signatures[0])
    assert status(desk, signature) is None
    assert desk.orders() == []
    desk.slots(1)
    assert len(desk.orders()) == 1
    certain = []
    for _ in range(40):
        certain.append(status(desk, signature)["confirmationStatus"])
        desk.slots(1)
    assert certain == ["processed"] * 2 + ["confirmed"] * 30 + ["finalized"] * 8


def test_confirmation_takes_as_long_as_the_knobs_say() -> None:
    desk = Desk(knobs=DriftKnobs(landing_slots=3, confirmed_slots=5, finalized_slots=6))
    signature = desk.send(placing(desk))["result"]
    desk.slots(2)
    assert status(desk, signature) is None
    desk.slots(1)
    assert status(desk, signature) == {
        "slot": desk.ask("getSlot", {"commitment": "processed"}),
        "confirmations": 0,
        "err": None,
        "status": {"Ok": None},
        "confirmationStatus": "processed",
    }
    desk.slots(5)
    assert status(desk, signature)["confirmationStatus"] == "confirmed"
    desk.slots(1)
    assert status(desk, signature)["confirmations"] is None


def test_a_blockhash_is_good_for_150_blocks_and_then_its_transaction_never_lands() -> None:
    desk = Desk()
    given = desk.blockhash("processed")
    assert given["lastValidBlockHeight"] == desk.ask("getBlockHeight", {"commitment": "processed"}) + 150
    desk.slots(149)
    early = desk.signed(_place(desk), blockhash=given["blockhash"])
    assert desk.send(early, skipPreflight=True)["result"]
    desk.slots(1)
    assert desk.ask("isBlockhashValid", given["blockhash"])["value"] is True
    assert len(desk.orders()) == 1
    late = desk.signed(_place(desk, price="148"), blockhash=given["blockhash"])
    signature = desk.send(late, skipPreflight=True)["result"]
    desk.slots(2)
    assert desk.ask("isBlockhashValid", given["blockhash"])["value"] is False
    assert status(desk, signature, searchTransactionHistory=True) is None
    assert len(desk.orders()) == 1
    refused = desk.send(late, skipPreflight=False)["error"]
    assert (refused["code"], refused["data"]["err"]) == (-32002, "BlockhashNotFound")


def _place(desk: Desk, **changes: Any) -> Any:
    return desk.instruction("place_perp_order", {"params": order(**({"price": "149"} | changes))})


def test_an_unknown_blockhash_is_refused_by_the_preflight() -> None:
    desk = Desk()
    unknown = desk.signed(_place(desk), blockhash="EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N")
    error = desk.send(unknown, skipPreflight=False)["error"]
    assert error["message"] == "Transaction simulation failed: Blockhash not found"


def test_a_finalized_blockhash_has_32_blocks_less_to_live() -> None:
    desk = Desk()
    lives = [desk.blockhash(each)["lastValidBlockHeight"] for each in ("processed", "confirmed", "finalized")]
    assert [lives[0] - each for each in lives] == [0, 2, 32]


def test_a_dropped_transaction_is_acknowledged_and_never_lands() -> None:
    desk = Desk()
    desk.face.drop_next_transactions()
    lost, kept = placing(desk), placing(desk, price="148")
    signatures = [desk.send(each)["result"] for each in (lost, kept)]
    desk.slots(2)
    assert [status(desk, each) is None for each in signatures] == [True, False]
    assert [held.price for held in desk.orders()] == [148_000_000]


def test_a_transaction_sent_twice_executes_once() -> None:
    desk = Desk()
    transaction = placing(desk)
    first, again = (desk.send(transaction)["result"] for _ in range(2))
    desk.slots(1)
    assert first == again
    assert desk.send(transaction)["result"] == first
    desk.slots(2)
    assert len(desk.orders()) == 1
    refused = desk.send(transaction, skipPreflight=False)["error"]
    assert refused["data"]["err"] == "AlreadyProcessed"


def test_a_preflight_refuses_what_would_fail_and_nothing_is_forwarded() -> None:
    desk = Desk()
    bad = placing(desk, price="151", post_only="MustPostOnly")
    error = desk.send(bad, skipPreflight=False)["error"]
    assert error["code"] == wire.PREFLIGHT_FAILED
    assert (
        error["message"]
        == "Transaction simulation failed: Error processing Instruction 1: custom program error: 0x17a9"
    )
    data = msgspec.convert(error["data"], wire.RpcErrorData)
    assert data.err == {"InstructionError": [1, {"Custom": 6057}]}
    assert data.logs is not None
    assert any("PlacePostOnlyLimitFailure" in line for line in data.logs)
    desk.slots(2)
    assert status(desk, str(bad.signatures[0]), searchTransactionHistory=True) is None


def test_without_preflight_a_failing_transaction_lands_with_its_error_and_costs_its_fee() -> None:
    desk = Desk()
    before = desk.ask("getBalance", desk.account)["value"]
    told = desk.place(price="151", post_only="MustPostOnly")
    assert (code(told), names(told)) == (6057, [])
    assert told["meta"]["status"] == {"Err": {"InstructionError": [1, {"Custom": 6057}]}}
    assert before - desk.ask("getBalance", desk.account)["value"] == told["meta"]["fee"] == 5000


def test_a_wrong_signature_is_refused_or_without_preflight_never_lands() -> None:
    from solders.transaction import VersionedTransaction

    desk = Desk()
    good = placing(desk)
    forged = VersionedTransaction.populate(good.message, [desk.other.sign_message(bytes(good.message))])
    assert desk.send(forged, skipPreflight=False)["error"]["code"] == -32003
    signature = desk.send(forged)["result"]
    desk.slots(2)
    assert status(desk, signature) is None
    assert desk.orders() == []


def test_a_payer_nobody_knows_is_refused() -> None:
    from solders.keypair import Keypair

    desk = Desk()
    stranger = Keypair.from_seed(bytes(32))
    error = desk.send(desk.signed(key=stranger), skipPreflight=False)["error"]
    assert error["data"]["err"] == "AccountNotFound"
    signature = desk.send(desk.signed(key=stranger))["result"]
    desk.slots(2)
    assert status(desk, signature) is None


def test_another_program_is_not_there() -> None:
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey

    desk = Desk()
    call = Instruction(Pubkey.from_bytes(bytes([5]) * 32), b"", [])
    assert desk.send(desk.signed(call), skipPreflight=False)["error"]["data"]["err"] == "ProgramAccountNotFound"


def test_simulating_tells_logs_and_changes_nothing() -> None:
    desk = Desk()
    value = desk.ask("simulateTransaction", text(placing(desk)), {"encoding": "base64"})["value"]
    assert value["err"] is None
    assert any(line.endswith("Instruction: PlacePerpOrder") for line in value["logs"])
    desk.slots(2)
    assert desk.orders() == []


def test_accounts_of_a_lookup_table_are_found_by_their_place_in_it() -> None:
    from solders.address_lookup_table_account import AddressLookupTableAccount
    from solders.hash import Hash
    from solders.message import MessageV0
    from solders.pubkey import Pubkey
    from solders.transaction import VersionedTransaction

    desk = Desk()
    [address, _] = desk.face.knobs.lookup_tables
    raw = desk.raw(address)
    keys = [Pubkey.from_bytes(raw[at : at + 32]) for at in range(56, len(raw), 32)]
    table = AddressLookupTableAccount(Pubkey.from_string(address), keys)
    recent = Hash.from_string(desk.blockhash()["blockhash"])
    message = MessageV0.try_compile(desk.keys.pubkey(), [_place(desk)], [table], recent)
    assert len(message.address_table_lookups) == 1
    desk.send(VersionedTransaction(message, [desk.keys]))
    desk.slots(1)
    assert len(desk.orders()) == 1


# history


def test_signatures_come_newest_first_between_two_exclusive_bounds() -> None:
    desk = Desk()
    sent = [desk.place(price=str(140 + step))["transaction"]["signatures"][0] for step in range(4)]
    assert [row["signature"] for row in desk.history()] == sent[::-1]
    assert [row["signature"] for row in desk.history(until=sent[0])] == sent[:0:-1]
    assert [row["signature"] for row in desk.history(before=sent[3], limit=2)] == [sent[2], sent[1]]
    assert desk.history(desk.face.addresses.markets[1]) == []
    row = msgspec.convert(desk.history(limit=1)[0], wire.SignatureRow)
    assert (row.err, row.blockTime) == (None, desk.now_ns // 10**9)


def test_histories_and_transactions_keep_to_their_commitment() -> None:
    desk = Desk()
    signature = desk.place(price="149")["transaction"]["signatures"][0]
    assert desk.history(commitment="confirmed") == []
    assert desk.told(signature, "confirmed") is None
    desk.slots(2)
    assert [row["signature"] for row in desk.history(commitment="confirmed")] == [signature]
    assert desk.told(signature, "confirmed")["meta"]["err"] is None
    assert desk.told(signature, "finalized") is None


def test_a_status_is_forgotten_after_300_slots_unless_the_archive_is_asked() -> None:
    desk = Desk()
    signature = desk.place(price="149")["transaction"]["signatures"][0]
    desk.slots(301)
    assert status(desk, signature) is None
    assert status(desk, signature, searchTransactionHistory=True)["confirmationStatus"] == "finalized"


def test_the_sdk_of_the_chain_reads_our_transactions_and_a_keeper_s() -> None:
    from solders.rpc.responses import GetTransactionResp

    desk = Desk()
    desk.place(price="149", post_only="MustPostOnly")
    desk.market.mids["SOL-PERP"] = D("148.5")
    desk.wait(1)
    for row in desk.history():
        for encoding in ("json", "base64"):
            config = {"encoding": encoding, "commitment": "processed", "maxSupportedTransactionVersion": 0}
            parsed: Any = GetTransactionResp.from_json(
                json.dumps(desk.call("getTransaction", row["signature"], config))
            )
            assert parsed.value is not None
            assert parsed.value.slot == row["slot"]
    assert len(desk.history()) == 2


def test_a_new_version_must_be_asked_for() -> None:
    desk = Desk()
    signature = desk.place(price="149")["transaction"]["signatures"][0]
    assert desk.call("getTransaction", signature, {"commitment": "processed"})["error"]["code"] == -32015


def test_a_user_s_account_is_told_as_it_was_in_the_slot_of_the_commitment() -> None:
    desk = Desk()
    shown = []
    for step in range(40):
        if step in (0, 1):
            desk.send(placing(desk, price=str(140 + step)))
        desk.slots(1)
        raws = [desk.raw(desk.user_key, each) for each in ("processed", "confirmed", "finalized")]
        shown.append([sum(type(row.status).__name__ == "Open" for row in read_account(raw).orders) for raw in raws])
    assert shown[:5] == [[1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0], [2, 2, 0]]
    assert [row[2] for row in shown[30:36]] == [0, 0, 1, 2, 2, 2]
    config = {"commitment": "confirmed", "encoding": "base64"}
    slot = desk.ask("getSlot", {"commitment": "confirmed"})
    assert desk.ask("getAccountInfo", desk.user_key, config)["context"]["slot"] == slot
    refused = desk.call("getAccountInfo", desk.user_key, config | {"minContextSlot": slot + 1})
    assert refused["error"]["code"] == wire.MIN_CONTEXT_SLOT_NOT_REACHED


# the node itself


def test_accounts_are_read_one_by_one_or_together_and_missing_ones_are_null() -> None:
    desk = Desk()
    keys = [desk.user_key, "11111111111111111111111111111112", desk.face.addresses.state]
    reply = desk.ask("getMultipleAccounts", keys, {"encoding": "base64", "commitment": "processed"})
    read = msgspec.convert(reply, wire.MultipleAccounts)
    assert [each is None for each in read.value] == [False, True, False]
    assert read.value[0] is not None
    assert base64.b64decode(read.value[0].data[0]) == desk.raw(desk.user_key)
    part = desk.ask("getAccountInfo", desk.user_key, {"encoding": "base64", "dataSlice": {"offset": 8, "length": 32}})
    assert base64.b64decode(part["value"]["data"][0]) == bytes(desk.keys.pubkey())


def test_batches_are_answered_in_order() -> None:
    desk = Desk()
    calls = [{"jsonrpc": "2.0", "id": each, "method": "getHealth"} for each in (4, 2)]
    replies = desk.post(json.dumps(calls).encode())
    assert [(each["id"], each["result"]) for each in replies] == [(4, "ok"), (2, "ok")]


@pytest.mark.parametrize(
    ("method", "params", "number"),
    [
        ("getMoon", [], -32601),
        ("getAccountInfo", ["short"], -32602),
        ("getAccountInfo", [], -32602),
        ("getMultipleAccounts", [["11111111111111111111111111111112"] * 101], -32602),
        ("getSignaturesForAddress", ["11111111111111111111111111111112", {"limit": 1001}], -32602),
        ("getSlot", [{"commitment": "certain"}], -32602),
        ("getSlot", [{"minContextSlot": 2**40}], -32016),
        ("sendTransaction", ["AAAA", {"encoding": "base64"}], -32602),
        ("sendTransaction", ["!", {"encoding": "base64"}], -32602),
        ("sendTransaction", ["AAAA"], -32602),
    ],
)
def test_what_cannot_be_asked_is_refused_by_number(method: str, params: list[Any], number: int) -> None:
    assert Desk().call(method, *params)["error"]["code"] == number


def test_what_is_no_json_and_what_is_no_call_are_refused() -> None:
    desk = Desk()
    assert desk.post(b"{")["error"]["code"] == -32700
    assert desk.post(b'{"id":1}')["error"]["code"] == -32600
    assert desk.face.http(desk.now_ns, HttpRequest(method="GET", path="/rpc")).status == 405
    assert desk.face.http(desk.now_ns, HttpRequest(method="POST", path="/moon")).status == 404


def test_version_health_and_balances() -> None:
    desk = Desk()
    assert "solana-core" in desk.ask("getVersion")
    assert desk.ask("getHealth") == "ok"
    assert desk.ask("getBalance", desk.account)["value"] == 10_000_000_000
    assert desk.ask("getBalance", "11111111111111111111111111111112")["value"] == 0


def test_a_refusal_of_a_fault_is_a_failed_preflight_and_executes_nothing() -> None:
    desk = Desk()
    body = {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "sendTransaction",
        "params": [text(placing(desk)), {"encoding": "base64"}],
    }
    request = HttpRequest(method="POST", path="/rpc", body=json.dumps(body).encode())
    reply = json.loads(desk.face.refusal(desk.now_ns, request, "margin").body)
    assert (reply["id"], reply["error"]["data"]["err"]) == (3, {"InstructionError": [2, {"Custom": 6003}]})
    reply = json.loads(desk.face.refusal(desk.now_ns, request, "AccountInUse").body)
    assert reply["error"]["message"] == "Transaction simulation failed: AccountInUse"
    body["method"] = "getSlot"
    request = HttpRequest(method="POST", path="/rpc", body=json.dumps(body).encode())
    assert json.loads(desk.face.refusal(desk.now_ns, request, "behind").body)["error"]["code"] == wire.NODE_UNHEALTHY
    desk.slots(2)
    assert desk.orders() == []
