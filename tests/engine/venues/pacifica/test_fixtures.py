"""Every recorded payload: claimed and decoded to its own figures, or passed over for a reason. Then made wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest

from actors.messages import FrameRefused, LinkLost
from engine.venues.levels import Books
from engine.venues.link import FrameError
from engine.venues.pacifica import codec_stream
from engine.venues.pacifica.codec_rest import SUPPORTED_KINDS as REST_KINDS, Page
from engine.venues.pacifica.codec_stream import SUPPORTED_CHANNELS, decode_outer
from engine.venues.pacifica.refusals import refusal
from engine.venues.transport import HttpResponse
from tests.engine.venues import ladders, malformed
from tests.engine.venues.pacifica.world import D, World
from tests.shared import fixtures_root

FILES: dict[str, tuple[int, str]] = {
    "account_and_errors_real.json": (3, "errors: read by `refusals`, below; and the note on where it comes from"),
    "ccxt_pacifica_comment_payloads.json": (
        11,
        "single rows out of answers, other clients' own words, and our requests",
    ),
    "ccxt_pro_pacifica_comment_payloads.json": (
        8,
        "candles and public trades; answers to trading on the stream",
    ),
    "ccxt_static_response_excerpts.json": (4, "batches are not sent"),
    "docs_rest_examples.json": (9, "requests, candles, books, public trades, subaccounts, stops, errors"),
    "docs_ws_examples.json": (7, "requests, candles, margin and leverage pushes, trading on the stream"),
    "golden_signing_vectors.json": (0, "signatures, not payloads: the signing test makes them again"),
}
"""Every file, how many payloads of it are claimed, and why the others are not."""

EDITED = {("ccxt_pro_pacifica_comment_payloads.json", 1313): "source"}
"""Another venue's frame, pasted into that source by mistake: refused, by the name of what is missing."""

SHAPES = {
    "info": ("tick_size", "lot_size"),
    "prices": ("oracle", "next_funding"),
    "account": ("account_equity", "balance"),
    "positions": ("entry_price", "isolated"),
    "orders_history": ("average_filled_price", "order_status"),
    "orders_history_by_id": ("history_id", "order_status"),
    "trades_history": ("history_id", "cause"),
    "funding_history": ("payout",),
    "orders": ("initial_amount", "filled_amount"),
    "account_settings": ("isolated", "leverage"),
    "order_ack": ("order_id",),
    "cancel_all_ack": ("cancelled_count",),
}
"""By what the data of an answer, or its first row, is known; the first that fits."""
SILENT = ("pong", "subscribe", "unsubscribe")

FREE_TEXT = (
    *("symbol", "s", "account", "u", "client_order_id", "I", "order_type", "ot", "reason", "source", "error"),
    *("error_id", "next_cursor", "instrument_type", "base_asset", "trigger_price_type", "stop_parent_order_id", "si"),
    "m",
)
"""Fields that may say anything: names, and words that are looked at later or not at all."""


def load(name: str) -> Any:
    return json.loads((fixtures_root() / "pacifica" / name).read_text())


def files() -> list[str]:
    return sorted(path.name for path in (fixtures_root() / "pacifica").glob("*.json"))


def payloads(name: str) -> Iterator[tuple[int, Any]]:
    """The payloads in one file, each with a number by which it can be found."""
    document = load(name)
    if "payloads" in document:
        yield from ((entry["line"], entry["json"]) for entry in document["payloads"])
    elif "vectors" not in document:
        yield from enumerate(value for key, value in document.items() if not key.startswith("_"))


def kind_of(payload: Any) -> str | None:
    """The kind of an answer, or `stream/` and the channel of a frame."""
    if not isinstance(payload, dict):
        return None
    if payload.get("channel") in SUPPORTED_CHANNELS:
        return f"stream/{payload['channel']}"
    data = payload.get("data", payload if {*payload} == {"order_id"} else None)
    first = data[0] if isinstance(data, list) and data else data
    if not isinstance(first, dict) or ("success" not in payload and first is not payload):
        return None
    return next((kind for kind, needed in SHAPES.items() if {*needed} <= {*first}), None)


@cache
def claimed() -> tuple[tuple[str, int, str, Any], ...]:
    """File, number, kind and payload of everything of a claimed kind, the edited ones included."""
    return tuple(
        (name, number, kind, payload)
        for name in files()
        for number, payload in payloads(name)
        if (kind := kind_of(payload)) is not None
    )


def read(kind: str, body: bytes) -> Any:
    """What the adapter makes of it, in plain containers with the venue's names."""
    if not kind.startswith("stream/"):
        decoded = REST_KINDS[kind](body)
        decoded = decoded.rows if isinstance(decoded, Page) else decoded
        return json.loads(msgspec.json.encode(decoded))
    channel, data = decode_outer(body)
    return json.loads(msgspec.json.encode(SUPPORTED_CHANNELS[channel](data)))


def test_every_recorded_file_is_claimed_or_passed_over_for_a_reason():
    counts = dict.fromkeys(files(), 0)
    for name, *_ in claimed():
        counts[name] += 1
    assert counts == {name: count for name, (count, _) in FILES.items()}


def test_every_kind_we_claim_to_read_was_recorded():
    kinds = {kind for *_, kind, _ in claimed()}
    assert kinds == {*REST_KINDS, *(f"stream/{channel}" for channel in SUPPORTED_CHANNELS)}


def test_claimed_payloads_decode_to_their_own_figures_or_are_refused_for_what_was_changed():
    compared = 0
    for name, number, kind, payload in claimed():
        body = json.dumps(payload).encode()
        if (name, number) in EDITED:
            with pytest.raises(FrameError, match=EDITED[name, number]):
                read(kind, body)
            continue
        inner = payload.get("data", payload) if kind != "stream/pong" else None
        compared += malformed.same_figures(read(kind, body), inner, f"{name}:{number} $")
    assert compared > 250


def test_recorded_errors_are_read_as_refusals():
    for error in load("account_and_errors_real.json")["errors"]:
        said = refusal(HttpResponse(status=error["http_inferred"], body=json.dumps(error["body"]).encode()))
        assert said is not None
        assert (said.error, said.code) == (error["body"]["error"], error["body"]["code"])


# Made wrong.


@cache
def samples() -> dict[str, Any]:
    """One payload of every kind, reduced to the fields that are claimed."""
    found: dict[str, Any] = {}
    for name, number, kind, payload in claimed():
        if (name, number) not in EDITED and kind not in found:
            data = malformed.shortened(read(kind, json.dumps(payload).encode()))
            stream = {"channel": kind.removeprefix("stream/"), "data": data}
            found[kind] = stream if kind.startswith("stream/") else {"success": True, "data": data}
    return found


KINDS = (*REST_KINDS, *(f"stream/{channel}" for channel in SUPPORTED_CHANNELS))
SPOKEN = tuple(kind for kind in KINDS if kind.removeprefix("stream/") not in SILENT)


def refused(kind: str, body: bytes) -> bool:
    """Refused by name; anything but FrameError would end the link."""
    try:
        read(kind, body)
    except FrameError as error:
        return bool(error.channel)
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_that_is_cut_off_is_refused(kind: str):
    assert [body for body in malformed.truncated(samples()[kind]) if not refused(kind, body)] == []


@pytest.mark.parametrize("kind", SPOKEN)
def test_a_value_of_the_wrong_type_is_refused(kind: str):
    assert malformed.refusals(malformed.of_wrong_type(samples()[kind]), lambda body: refused(kind, body)) == {}


@pytest.mark.parametrize("kind", SPOKEN)
def test_an_unknown_word_is_refused_where_words_are_closed(kind: str):
    taken = malformed.refusals(malformed.of_unknown_words(samples()[kind]), lambda body: refused(kind, body))
    assert [name for name in taken if name not in FREE_TEXT] == []


@pytest.mark.parametrize("kind", SPOKEN)
def test_what_is_no_number_is_refused_where_a_number_stands(kind: str):
    taken = malformed.refusals(malformed.of_bad_numbers(samples()[kind]), lambda body: refused(kind, body))
    assert [name for name in taken if name not in FREE_TEXT] == []


@pytest.mark.parametrize("kind", KINDS)
def test_fields_the_venue_adds_change_nothing(kind: str):
    sample = samples()[kind]
    assert read(kind, malformed.with_more_fields(sample)) == read(kind, json.dumps(sample).encode())


async def test_no_wrong_frame_ends_the_link(autojump_clock):
    wrong = [
        body for kind in SPOKEN if kind.startswith("stream/") for _, body in malformed.of_wrong_type(samples()[kind])
    ]
    wrong += [cut for kind in SPOKEN if kind.startswith("stream/") for cut in malformed.truncated(samples()[kind])]
    async with World().running() as world:
        for frame in wrong:
            world.face._streams._push(1, frame, "wrong", world.now_ns())
        await world.after(1)
        assert len(world.of(FrameRefused)) == len(wrong)
        assert not world.of(LinkLost)
    assert len(wrong) > 100


def test_a_recorded_book_stands_behind_its_own_touch():
    books = [payload["data"] for *_, kind, payload in claimed() if kind == "stream/book"]
    assert len(books) == 2
    for book in books:
        bids, asks = ([(level["p"], level["a"]) for level in side] for side in book["l"])
        (bid, bid_size), (ask, ask_size) = bids[0], asks[0]
        touch = {"s": "SOL", "i": 1, "li": 1, "t": book["t"], "b": bid, "B": bid_size, "a": ask, "A": ask_size}
        quote = codec_stream.quote_message(codec_stream.decode_bbo(msgspec.Raw(json.dumps(touch).encode())))
        kept = Books(age_most_ns=0)
        kept.take("SOL", codec_stream.levels(codec_stream.decode_book(msgspec.Raw(json.dumps(book).encode()))))
        told = kept.behind(quote)
        assert ladders.same(told, bids, asks)
        assert told.ask_depths[1:] == (D("57.15"),) * 5


async def test_a_book_is_asked_for_in_the_documented_words(autojump_clock):
    asked = [payload for _, payload in payloads("docs_ws_examples.json") if payload.get("method") == "subscribe"]
    documented = next(wish for wish in asked if wish.get("params", {}).get("source") == "book")
    greetings = [json.loads(frame) for frame in World(assets=("SOL",)).adapter._dialogue.greetings()]
    assert documented in greetings
