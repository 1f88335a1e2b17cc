"""Every recorded payload: claimed and decoded to its own figures, or passed over for a reason. Then made wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
import trio

from actors.messages import FrameRefused, LinkLost
from engine.simulators.exchange import NewOrder, TimeInForce
from engine.simulators.hyperliquid import HyperliquidFace
from engine.venues.hyperliquid.codec import SUPPORTED_KINDS, decode
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.refusals import REJECT_TEXTS
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.link import FrameError
from engine.venues.transport import HttpRequest
from tests.engine.venues import ladders, malformed
from tests.engine.venues.dialogue import HOUR_NS, START_NS, StillMarket
from tests.engine.venues.hyperliquid.world import ACCOUNT, MIDS, D, World, make_exchange, now_ns, of
from tests.shared import fixtures_root

FILES: dict[str, tuple[int, str]] = {
    "adl_fill_mainnet_2025-10-10.json": (1, ""),
    "ccxt_hyperliquid_comment_payloads.json": (26, "spot, vaults, candles, twap and transfers are not read"),
    "ccxt_pro_hyperliquid_comment_payloads.json": (6, "public trades and candles"),
    "ccxt_static_response_excerpts.json": (2, "the note on where it comes from"),
    "docs_examples.json": (10, "subaccounts, vaults, staking, referrals, candles, twap, and our own requests"),
    "error_strings.json": (0, "words, not payloads: each has its reason in the codec's test"),
    "exchange_transcript_testnet_2026-09-07.json": (
        7,
        "a position and a fill by themselves, without the payload they stand in",
    ),
    "sdk_request_trace_0.24.0.json": (0, "requests, not answers: the simulator's SDK test sends them again"),
    "ws_frames_mainnet_2026-09-24.json": (4, "channels that are not subscribed to: trades, posts"),
    "info/delegator_history.json": (0, "staking is not read"),
    "info/extra_agents.json": (0, "agents are not listed: an action of an ended one is refused by name"),
    "info/get_all_mids.json": (0, "mids are not asked for: quotes come from the stream"),
    "info/get_candles_snapshot_0.json": (
        1,
        "named after another question: it holds the `meta` its recorder asked first",
    ),
    "info/get_candles_snapshot_1.json": (0, "candles are not read"),
    "info/get_funding_history_1684811870000_0.json": (
        1,
        "named after another question: it holds the `meta` its recorder asked first",
    ),
    "info/get_funding_history_1684811870000_1.json": (0, "rates come with the market's context"),
    "info/get_funding_history_None_0.json": (
        1,
        "named after another question: it holds the `meta` its recorder asked first",
    ),
    "info/get_info.json": (1, ""),
    "info/get_l2_snapshot_0.json": (1, "named after another question: it holds the `meta` its recorder asked first"),
    "info/get_open_orders.json": (1, ""),
    "info/get_user_fills_by_time.json": (1, "of 2023, without a trade id"),
    "info/portfolio.json": (0, "portfolios are not read"),
    "info/user_funding_history_without_end_time.json": (1, ""),
    "info/user_non_funding_ledger_updates_with_end_time.json": (0, "transfers are not read"),
    "info/user_non_funding_ledger_updates_without_end_time.json": (0, "transfers are not read"),
    "info/user_rate_limit.json": (1, ""),
    "info/user_role.json": (0, "roles are not asked for: 60 weights, and the key's refusal says the same"),
    "info/user_twap_slice_fills.json": (0, "twap is not traded"),
    "info/user_vault_equities.json": (0, "vaults are not read"),
    "nautilus/http_all_perp_metas_non_usdc_collateral.json": (0, "builder dexes are not traded"),
    "nautilus/http_l2_book_btc.json": (0, "books are not asked for; its levels are read below"),
    "nautilus/http_meta_perp_sample.json": (1, ""),
    "nautilus/http_spot_clearinghouse_state.json": (1, ""),
    "nautilus/ws_all_dexs_asset_ctxs.json": (0, "its contexts are read one by one in the codec's test"),
    "nautilus/ws_allmids.json": (0, "mids are not subscribed to"),
}
"""Every file, how many payloads of it are claimed, and why the others are not."""

CCXT, CCXT_PRO = "ccxt_hyperliquid_comment_payloads.json", "ccxt_pro_hyperliquid_comment_payloads.json"
EDITED: dict[tuple[str, int], str] = {
    (CCXT, 1110): "time",
    (CCXT, 3146): "oid",
    (CCXT, 3640): "leverage",
    (CCXT_PRO, 1108): "user",
    (CCXT_PRO, 1132): "user",
    ("info/get_user_fills_by_time.json", 0): "tid",
}
"""Payloads of a claimed kind that their collectors changed, or that are older than a field we need: refused, by the
name of what is wrong."""

NOT_OURS = (
    "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: ${vlm}.",
    "Cannot switch leverage type with open position.",
    "Position does not use isolated margin.",
    "Cannot modify canceled or filled order",
    "Invalid leverage value",
    "Vault not registered: 0x…",
    "Extra agent already used.",
    "User has pending agent removal",
    "Builder fee has not been approved",
)
"""Recorded refusals of other actions than orders: the first is the dead-man's switch's, the others are told as is."""

FREE_TEXT = (
    *("coin", "name", "hash", "dir", "feeToken", "tif", "orderType", "channel", "dex", "type", "error", "response"),
    "statuses",
)
"""Fields that may say anything: names, and words that are looked at later or not at all."""


SHAPES = {
    "info/clearinghouseState": ("marginSummary", "assetPositions"),
    "info/spotClearinghouseState": ("balances",),
    "info/userFees": ("userCrossRate",),
    "info/userRateLimit": ("nRequestsCap",),
    "info/meta": ("universe",),
    "info/orderStatus": ("status",),
    "stream/bbo": ("coin", "bbo"),
}
LIST_SHAPES = {
    "info/metaAndAssetCtxs": ("universe",),
    "info/userFillsByTime": ("startPosition", "px"),
    "info/openOrders": ("limitPx", "oid"),
    "info/userFunding": ("delta",),
    "stream/orderUpdates": ("order", "status"),
}
"""By what a payload, or the first of its rows, is known."""


def load(name: str) -> Any:
    return json.loads((fixtures_root() / "hyperliquid" / name).read_text())


def files() -> list[str]:
    root = fixtures_root() / "hyperliquid"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.json") if "stub" not in path.parts)


def kind_of(payload: Any) -> tuple[str, Any] | None:
    """The kind of a payload, by its shape, and the part of it that is of that kind."""
    if isinstance(payload, dict) and "channel" in payload:
        kind = f"stream/{payload['channel']}"
        return (kind, payload["data"]) if kind in SUPPORTED_KINDS else None
    listed = isinstance(payload, list) and bool(payload)
    first = payload[0] if listed else payload
    keys = {*first} if isinstance(first, dict) else set()
    if "status" in keys and "response" in keys:
        response = first["response"]
        claimed_here = isinstance(response, str) or response["type"] in ("order", "cancel", "default")
        return ("exchange", payload) if claimed_here else None
    shapes = LIST_SHAPES if listed else SHAPES
    kinds = [kind for kind, needed in shapes.items() if {*needed} <= keys]
    return (kinds[0], payload) if kinds and _is(kinds[0], payload, first) else None


def _is(kind: str, payload: Any, first: Any) -> bool:
    """Whether the words agree where several payloads have the same shape."""
    match kind:
        case "info/userFunding":
            return bool(first["delta"].get("type") == "funding")
        case "info/orderStatus":
            return first["status"] in ("order", "unknownOid")
        case "info/metaAndAssetCtxs":
            return len(payload) == 2 and isinstance(payload[1], list)
    return True


def payloads(name: str) -> Iterator[tuple[int, Any]]:
    """The payloads in one file, each with a number by which it can be found."""
    document = load(name)
    match document:
        case {"payloads": list(entries)}:
            yield from ((entry["line"], entry["json"]) for entry in entries)
        case {"request": _, "response": response}:
            yield 0, response
        case {"frames": dict(frames)}:
            yield from enumerate(frames.values())
        case {"record": {"events": [[_, fill], *_]}}:
            yield 0, [fill]
        case {"_provenance": _}:
            yield from enumerate(_wrapped(value) for key, value in document.items() if not key.startswith("_"))
        case _:
            yield 0, document


def _wrapped(value: Any) -> Any:
    """The transcripts hold single rows of what the venue sends as lists."""
    single = isinstance(value, dict) and ("limitPx" in value or "startPosition" in value)
    return [value] if single else value


@cache
def claimed() -> tuple[tuple[str, int, str, Any], ...]:
    """File, number, kind and payload of everything of a claimed kind, the edited ones included."""
    found = []
    for name in files():
        if name == "error_strings.json":
            continue
        for number, payload in payloads(name):
            told = kind_of(payload)
            if told is not None:
                found.append((name, number, *told))
    return tuple(found)


def plain(decoded: Any) -> Any:
    """Plain containers, with the venue's names."""
    return json.loads(msgspec.json.encode(decoded))


def test_every_recorded_file_is_claimed_or_passed_over_for_a_reason():
    counts = dict.fromkeys(files(), 0)
    for name, *_ in claimed():
        counts[name] += 1
    assert counts == {name: count for name, (count, _) in FILES.items()}
    assert all(why for count, why in FILES.values() if not count)


def test_claimed_payloads_decode_to_their_own_figures_or_are_refused_for_what_was_changed():
    compared = 0
    for name, number, kind, payload in claimed():
        body = json.dumps(payload).encode()
        if (name, number) in EDITED:
            with pytest.raises(FrameError, match=EDITED[name, number]) as refused:
                decode(kind, body)
            assert refused.value.channel == kind
            continue
        compared += malformed.same_figures(plain(decode(kind, body)), payload, f"{name}:{number} $")
    assert compared > 1500


# Made wrong. The samples are recorded ones, and the simulated venue's where nothing was recorded.


@cache
def samples() -> dict[str, Any]:
    """One payload of every kind, reduced to the fields that are claimed."""
    found = {kind: payload for name, number, kind, payload in claimed() if (name, number) not in EDITED}
    found.update((kind, payload) for kind, payload in simulated().items() if kind not in found)
    decoded = {kind: plain(decode(kind, json.dumps(payload).encode())) for kind, payload in found.items()}
    return {kind: malformed.shortened(payload) for kind, payload in decoded.items()}


def simulated() -> dict[str, Any]:
    """What the simulated venue says, by kind."""
    world_ns, face = START_NS, HyperliquidFace(make_exchange(), StillMarket(MIDS), {ACCOUNT: ACCOUNT})
    face.advance(world_ns)
    connection = face.connect(world_ns, "/ws")
    users = ("orderUpdates", "userFills", "userFundings", "clearinghouseState", "spotState")
    wishes = [{"type": kind, "user": ACCOUNT} for kind in users]
    wishes += [{"type": kind, "coin": "BTC"} for kind in ("bbo", "l2Book")]
    for wish in wishes:
        frame = msgspec.json.encode({"method": "subscribe", "subscription": wish})
        face.receive(world_ns, connection, frame)
    buy = NewOrder(asset="BTC", is_buy=True, size=D(1), price=D(60_012), time_in_force=TimeInForce.IOC)
    face.publish(world_ns, face.exchange.place(world_ns, ACCOUNT, buy))
    face.advance(world_ns + HOUR_NS)
    frames = [json.loads(push.frame) for push in face.take_outbox()]
    told = {f"stream/{frame['channel']}": frame["data"] for frame in frames if "data" in frame}
    told = {kind: data for kind, data in told.items() if kind in SUPPORTED_KINDS}
    for kind in SUPPORTED_KINDS:
        if kind.startswith("info/") and kind != "info/orderStatus":
            question = {"type": kind.removeprefix("info/"), "user": ACCOUNT, "coin": "BTC"}
            request = HttpRequest(method="POST", path="/info", body=msgspec.json.encode(question))
            told[kind] = json.loads(face.http(world_ns + HOUR_NS, request).body)
    return {**told, "frame": frames[-1]}


def refused(kind: str, body: bytes) -> bool:
    """Refused by name; anything but FrameError would end the link."""
    try:
        decode(kind, body)
    except FrameError as error:
        return error.channel == kind
    return False


def test_there_is_a_sample_of_every_kind():
    assert [kind for kind in SUPPORTED_KINDS if kind not in samples()] == []


@pytest.mark.parametrize("kind", SUPPORTED_KINDS)
def test_a_payload_that_is_cut_off_is_refused_by_name(kind: str):
    assert [body for body in malformed.truncated(samples()[kind]) if not refused(kind, body)] == []


@pytest.mark.parametrize("kind", SUPPORTED_KINDS)
def test_a_value_of_the_wrong_type_is_refused_by_name(kind: str):
    taken = malformed.refusals(malformed.of_wrong_type(samples()[kind]), lambda body: refused(kind, body))
    unread = ("data", *malformed.names_within(samples()[kind], "data")) if kind == "frame" else ()
    assert [name for name in taken if name not in unread] == []


@pytest.mark.parametrize("kind", SUPPORTED_KINDS)
def test_an_unknown_word_is_refused_where_words_are_closed(kind: str):
    taken = malformed.refusals(malformed.of_unknown_words(samples()[kind]), lambda body: refused(kind, body))
    unread = malformed.names_within(samples()[kind], "data") if kind == "frame" else ()
    assert [name for name in taken if name not in (*FREE_TEXT, *unread)] == []


@pytest.mark.parametrize("kind", SUPPORTED_KINDS)
def test_what_is_no_number_is_refused_where_a_number_stands(kind: str):
    taken = malformed.refusals(malformed.of_bad_numbers(samples()[kind]), lambda body: refused(kind, body))
    unread = malformed.names_within(samples()[kind], "data") if kind == "frame" else ()
    assert [name for name in taken if name not in (*FREE_TEXT, *unread)] == []


@pytest.mark.parametrize("kind", SUPPORTED_KINDS)
def test_fields_the_venue_adds_change_nothing(kind: str):
    more = malformed.with_more_fields(samples()[kind])
    if kind == "frame":
        assert decode(kind, more).channel == samples()[kind]["channel"]
        return
    assert plain(decode(kind, more)) == samples()[kind]


async def test_no_wrong_frame_ends_the_link(autojump_clock):
    wrong = [
        b'{"channel":"' + kind.removeprefix("stream/").encode() + b'","data":' + body + b"}"
        for kind in SUPPORTED_KINDS
        if kind.startswith("stream/")
        for _, body in malformed.of_wrong_type(samples()[kind])
    ]
    wrong += list(malformed.truncated(samples()["frame"]))
    async with World().live() as world:
        for frame in wrong:
            world.face._streams._push(now_ns(), 1, "wrong", frame)
        world.venue._flush()
        await trio.sleep(1)
        assert len(of(FrameRefused, world.said)) == len(wrong)
        assert not of(LinkLost, world.said)
    assert len(wrong) > 100


def test_every_recorded_refusal_has_a_text_of_ours():
    texts = load("error_strings.json")
    told = (*texts["per_order_statuses_error"], *texts["top_level_err"])
    starts = tuple(start for start, _ in REJECT_TEXTS)
    unknown = [text for text in told if not text.startswith(starts)]
    assert unknown == list(NOT_OURS)


# Books.


def memory() -> Memory:
    return Memory(HyperliquidSettings(account=ACCOUNT, assets=("BTC",)), 0)


def quoted(book: Any, bbo: Any) -> Any:
    """The quote of a `bbo` after an `l2Book`, both as the venue wrote them."""
    own = memory()
    own.book(decode("stream/l2Book", json.dumps(book).encode()))
    (told,) = own.quote(decode("stream/bbo", json.dumps(bbo).encode()), bbo["time"] * 1_000_000)
    return told


def pairs(side: Any) -> list[tuple[str, str]]:
    return [(level["px"], level["sz"]) for level in side]


def test_a_recorded_book_stands_behind_the_touch_recorded_after_it():
    """The touch was told 600 ms later, with another size on one side: its own word counts."""
    frames = load("ws_frames_mainnet_2026-09-24.json")["frames"]
    book, bbo = frames["l2Book"]["data"], frames["bbo"]["data"]
    bids, asks = (pairs([best, *side[1:]]) for best, side in zip(bbo["bbo"], book["levels"], strict=True))
    told = quoted(book, bbo)
    assert ladders.same(told, bids, asks)
    assert told.ask_depths == (D("50.66422") + D("0.00711") + D("0.01782"),) * 6


def test_the_levels_of_a_recorded_answer_come_to_its_own_sums():
    answer = load("nautilus/http_l2_book_btc.json")
    sides = [[{**level, "n": 1} for level in side] for side in answer["levels"]]
    bbo = {"coin": "BTC", "time": answer["time"], "bbo": [side[0] for side in sides]}
    assert ladders.same(quoted({**answer, "levels": sides}, bbo), *map(pairs, sides))


def test_a_delisted_market_s_book_is_empty_and_takes_nothing_from_a_touch():
    frames = load("ws_frames_mainnet_2026-09-24.json")["frames"]
    empty = {**frames["l2Book_delisted"]["data"], "coin": "BTC"}
    bbo = {**frames["bbo"]["data"], "time": empty["time"]}
    assert ladders.same(quoted(empty, bbo), *(pairs([best]) for best in bbo["bbo"]))
