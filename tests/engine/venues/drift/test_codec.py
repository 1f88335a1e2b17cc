import json
from decimal import Decimal

import msgspec
import pytest

from engine.venues.assets import listed
from engine.venues.drift.codec import (
    RpcRefused,
    decode_book,
    decode_frame,
    decode_reply,
    encode_call,
    encode_subscription,
    reading_options,
)
from engine.venues.drift.codec_accounts import quote_message
from engine.venues.drift.wire import (
    LatestBlockhashReply,
    MultipleAccounts,
    SignatureRow,
    SignatureStatuses,
    Transaction,
)
from engine.venues.link import FrameError
from tests.engine.venues import ladders
from tests.engine.venues.drift.world import Venue
from tests.shared import fixtures_root

D = Decimal


def recorded_book() -> bytes:
    return (fixtures_root() / "drift/dlob/l2_live_2026-07-05_velocity_docs.json").read_bytes()


def book(**changes) -> bytes:
    level = {"price": "100000000", "size": "2000000000", "sources": {"vamm": "2000000000"}}
    fields = {
        "bids": [level],
        "asks": [level | {"price": "100500000"}],
        "marketName": "SOL-PERP",
        "marketType": "perp",
        "marketIndex": 0,
        "ts": 1_790_000_000_123,
        "slot": 7,
    }
    return json.dumps(fields | changes).encode()


def frame(data: bytes, channel: str = "orderbook_perp_0_grouped_1") -> bytes:
    return json.dumps({"channel": channel, "data": data.decode()}).encode()


def reply(result=None, number=1, **changes) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": result} | changes).encode()


# --- DLOB


def test_the_recorded_book_reads_to_its_own_numbers():
    raw = json.loads(recorded_book())
    quote = quote_message(decode_book(recorded_book(), "dlob"), listed(Venue.DRIFT, raw["marketName"]))
    assert quote is not None
    assert (quote.asset, quote.bid, quote.ask) == ("SOL", D("81.11421"), D("81.13045"))
    assert (quote.bid_size, quote.ask_size) == (1, 1)
    assert quote.bid == D(raw["bestBidPrice"]) / 1_000_000
    assert quote.venue_at_ns == raw["ts"] * 1_000_000


def test_the_recorded_book_comes_to_its_own_ladders():
    """The second bid rests 106 bps from the mid, the second ask, the vAMM's, much farther: beyond the last distance."""
    raw = json.loads(recorded_book())
    quote = quote_message(decode_book(recorded_book(), "dlob"), listed(Venue.DRIFT, raw["marketName"]))
    bids, asks = (
        [(D(level["price"]).scaleb(-6), D(level["size"]).scaleb(-9)) for level in raw[side]]
        for side in ("bids", "asks")
    )
    assert ladders.same(quote, bids, asks)
    near = [*bids[:1], (D("80.4"), bids[1][1])]
    raw["bids"][1]["price"] = "80400000"
    moved = quote_message(decode_book(json.dumps(raw).encode(), "dlob"), listed(Venue.DRIFT, raw["marketName"]))
    assert ladders.same(moved, near, asks)
    assert moved.bid_depths[-1] == D("407.2021")


def test_a_market_of_many_tokens_is_quoted_per_token():
    quote = quote_message(decode_book(book(), "x"), listed(Venue.DRIFT, "1MBONK-PERP"))
    assert quote is not None
    assert (quote.asset, quote.bid, quote.bid_size) == ("BONK", D("0.0001"), 2_000_000)


def test_a_book_with_one_side_is_no_quote():
    assert quote_message(decode_book(book(asks=[]), "x"), listed(Venue.DRIFT, "SOL-PERP")) is None


def test_a_book_frame_is_json_inside_json():
    found = decode_frame(frame(book()))
    assert found is not None
    assert (found.slot, found.bids[0].price) == (7, "100000000")


@pytest.mark.parametrize("text", ['{"channel":"heartbeat"}', '{"message":"Subscribe received for channel: x"}'])
def test_heartbeats_and_acknowledgements_are_no_books(text):
    assert decode_frame(text.encode()) is None


LEVEL = {"price": "100000000", "size": "1"}


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"<html>", "stream"),
        (b'{"channel":"orderbook","error":"Error subscribing to channel"}', "orderbook: the server refuses"),
        (b'{"channel":"trades_perp_0","data":"{}"}', "trades_perp_0: is no book"),
        (b'{"channel":"orderbook_spot_0","data":"{}"}', "orderbook_spot_0: is no book"),
        (b'{"channel":"orderbook_perp_0"}', "orderbook_perp_0: is no book"),
        (b'{"channel":"orderbook_perp_0","data":{}}', "stream"),
        (frame(b"{}"), "orderbook_perp_0_grouped_1: Object missing required field"),
        (frame(book(marketType="option")), "Invalid enum value 'option'"),
        (frame(book(bids=[LEVEL | {"price": "1e6"}])), "Expected `str` matching regex"),
        (frame(book(bids=[LEVEL | {"price": 100}])), "Expected `str`, got `int`"),
        (frame(book(bids=[LEVEL, LEVEL | {"price": "100100000"}])), "not in order"),
        (frame(book(asks=[LEVEL | {"price": "100600000"}, LEVEL | {"price": "100500000"}])), "not in order"),
        (frame(book(bids=[LEVEL | {"price": "100500000"}])), "crossed: bid 100500000, ask 100500000"),
        (frame(book(bids=[LEVEL | {"size": "0"}])), "not positive"),
        (frame(book(bids=[LEVEL | {"price": "-1"}])), "not positive"),
    ],
)
def test_a_malformed_frame_is_refused_by_name(payload, named):
    with pytest.raises(FrameError) as refused:
        decode_frame(payload)
    assert named in str(refused.value)


def test_a_subscription_names_the_market():
    assert json.loads(encode_subscription("SOL-PERP")) == {
        "type": "subscribe",
        "marketType": "perp",
        "channel": "orderbook",
        "market": "SOL-PERP",
    }


# --- JSON-RPC


def test_a_call_is_json_rpc_with_positional_parameters():
    assert json.loads(encode_call(4, "getBlockHeight", {"commitment": "confirmed"})) == {
        "jsonrpc": "2.0",
        "id": 4,
        "method": "getBlockHeight",
        "params": [{"commitment": "confirmed"}],
    }


def test_a_reading_asks_for_a_slot_only_when_one_is_known():
    assert "minContextSlot" not in reading_options("confirmed")
    assert reading_options("confirmed", 9)["minContextSlot"] == 9


def test_answers_are_read_by_their_kind():
    account = {"data": ["AAAA", "base64"], "owner": "x", "lamports": 1, "executable": False, "rentEpoch": 2**64 - 1}
    accounts = decode_reply(reply({"context": {"slot": 5}, "value": [account, None]}), 1, "m", MultipleAccounts)
    assert (accounts.context.slot, accounts.value[1]) == (5, None)
    blockhash = {"context": {"slot": 5}, "value": {"blockhash": "b", "lastValidBlockHeight": 9}}
    assert decode_reply(reply(blockhash), 1, "m", LatestBlockhashReply).value.lastValidBlockHeight == 9
    failed = {"slot": 3, "err": {"InstructionError": [2, {"Custom": 6057}]}, "confirmationStatus": "confirmed"}
    statuses = decode_reply(reply({"context": {"slot": 5}, "value": [failed]}), 1, "m", SignatureStatuses)
    assert statuses.value[0] is not None
    assert statuses.value[0].err == {"InstructionError": [2, {"Custom": 6057}]}
    rows = decode_reply(reply([{"signature": "s", "slot": 3, "err": None, "memo": None}]), 1, "m", list[SignatureRow])
    assert rows == [SignatureRow(signature="s", slot=3)]
    assert decode_reply(reply(17), 1, "m", int) == 17


def test_a_transaction_the_node_does_not_serve_yet_is_none():
    kind = Transaction | None
    assert decode_reply(reply(None), 1, "m", kind) is None
    found = decode_reply(reply({"slot": 1, "meta": {"err": None, "logMessages": ["x"], "fee": 5000}}), 1, "m", kind)
    assert found is not None
    assert found.meta.logMessages == ("x",)


def test_a_missing_answer_is_refused_where_one_is_due():
    with pytest.raises(FrameError, match="rpc/getBlockHeight: has no result"):
        decode_reply(reply(None), 1, "getBlockHeight", int)
    with pytest.raises(FrameError, match="rpc/m: has no result"):
        decode_reply(b'{"jsonrpc":"2.0","id":1}', 1, "m", MultipleAccounts)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<html>502</html>", "malformed"),
        (reply("17"), "Expected `int | null`"),
        (reply(17, jsonrpc="1.0"), "Invalid enum value '1.0'"),
        (reply(17, number=2), "answers call 2, not 1"),
    ],
)
def test_a_malformed_answer_is_refused_by_name(body, named):
    with pytest.raises(FrameError, match="rpc/getBlockHeight") as refused:
        decode_reply(body, 1, "getBlockHeight", int)
    assert named in str(refused.value)


def test_a_failed_preflight_tells_error_and_logs():
    err = {"InstructionError": [2, {"Custom": 6057}]}
    error = {"code": -32002, "message": "Transaction simulation failed", "data": {"err": err, "logs": ["a"]}}
    with pytest.raises(RpcRefused) as refused:
        decode_reply(msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "error": error}), 1, "sendTransaction", str)
    assert (refused.value.code, refused.value.err, refused.value.logs) == (-32002, err, ("a",))


def test_an_error_with_other_data_has_neither():
    error = {"code": -32005, "message": "Node is behind by 42 slots", "data": {"numSlotsBehind": 42}}
    for data in (error, error | {"data": "text"}, {"code": -32600, "message": "x"}):
        with pytest.raises(RpcRefused) as refused:
            decode_reply(msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "error": data}), 1, "sendTransaction", str)
        assert (refused.value.err, refused.value.logs) == (None, ())
