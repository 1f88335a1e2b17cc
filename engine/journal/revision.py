"""Which code decided: the revision and the chart digests that stand in a journal's header.

Both are the same in every process that has the same sources; neither knows time or machine.
Counterpart: `record.Header`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from actors.actor import ActorState
from actors.policy import Policy
from engine.journal.record import Header, encode_states

ROOT = Path(__file__).resolve().parents[2]
DECIDING = ("actors", "statecharts")
"""The packages whose sources decide; with them goes `engine/core.py`."""
DIGITS = 32

_encoder = msgspec.json.Encoder(order="deterministic")


def digest_of(data: bytes) -> str:
    """SHA-256, cut to 32 hex digits; also meant for `config_digest`."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


@cache
def chart_digests() -> dict[str, str]:
    """The digest of every chart in the catalog, by name. Whoever only reads lines, or writes none, needs no charts."""
    from statecharts.catalog import CATALOG

    return {name: digest_of(_encoder.encode(CATALOG[name])) for name in sorted(CATALOG)}


@cache
def code_revision() -> str:
    """`<version>+<32 hex digits>` over the sources that decide and the charts."""
    total = hashlib.sha256(_encoder.encode(chart_digests()))
    for name, source in _sources():
        total.update(f"{name} {len(source)}\n".encode() + source)
    return f"{version('perp2perp')}+{total.hexdigest()[:DIGITS]}"


def _sources() -> Iterator[tuple[str, bytes]]:
    """Name and text of each deciding source, sorted by name; line ends as on the machine of an auditor."""
    paths = [path for package in DECIDING for path in (ROOT / package).rglob("*.py")]
    named = {path.relative_to(ROOT).as_posix(): path for path in (*paths, ROOT / "engine" / "core.py")}
    for name in sorted(named):
        yield name, named[name].read_bytes().replace(b"\r\n", b"\n")


def new_header(
    policy: Policy, start: tuple[ActorState, ...], *, seed: int, mode: str, config_digest: str = ""
) -> Header:
    """The header of a run that starts now, with this code.

    Where no configuration was read, the policy's digest stands in for `config_digest`.
    """
    return Header(
        code=code_revision(),
        mode=mode,
        seed=seed,
        config_digest=config_digest or digest_of(_encoder.encode(policy)),
        charts=chart_digests(),
        policy=policy,
        start=encode_states(start),
    )
