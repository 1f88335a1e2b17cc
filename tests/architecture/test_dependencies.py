"""Who may know whom: charts know nothing, actors know charts, the engine knows both; never backwards."""

from __future__ import annotations

import pytest

from tests.architecture.tree import PACKAGES, SDKS, Source, imports, reached, sources, within

TREE = sources()

NOUNS = (
    "domain",
    "messages",
    "commands",
    "actor",
    "gates",
    "identity",
    "board",
    "notice",
    "policy",
    "expectation",
    "depth",
    "forecast",
    "stakes",
    "volatility",
    "buffer",
    "lowered",
    "sizing",
    "one_time",
    "mark_path",
    "pricing",
    "endurance",
    "flat_cost",
    "stress",
    "collateral",
    "switching",
    "reliability",
    "closing_order",
)
"""Modules of actors that every role may import; whatever is not one of them, or a registry, is a role."""
REGISTRIES = ("roles",)
"""Modules of actors that know all roles; no role may know them."""

STARTS_LIGHT = ("engine.cli", "engine.replay", "engine.audit", "statecharts.render", "statecharts.catalog")
"""What must start without any venue's SDK."""
WITHOUT_VENUES = ("engine.replay", "engine.audit")
"""What must need neither trio nor a venue."""


def backwards(source: Source) -> list[str]:
    """statecharts ← actors ← engine; and nothing that ships knows tests or benchmarks."""
    package = source.parts[0]
    above = [*PACKAGES[PACKAGES.index(package) + 1 :], "tests", "bench"]
    return [
        f"{source.at(found.line)}: {package} must not know {found.name}"
        for found in imports(source)
        if within(found.name, *above)
    ]


def role_of(name: str) -> str | None:
    """The role a module of actors belongs to, None for a noun, a registry, or the package itself."""
    parts = name.split(".")
    role = parts[1] if parts[0] == "actors" and len(parts) > 1 else None
    return None if role in (*NOUNS, *REGISTRIES) else role


def roles_meeting(source: Source) -> list[str]:
    """Roles talk by message: none imports another, and neither nouns nor roles import roles from above."""
    if source.parts[0] != "actors" or source.name == "actors" or source.parts[1] in REGISTRIES:
        return []
    own = role_of(source.name)
    return [
        f"{source.at(found.line)}: {own or source.parts[1]} must not import {found.name}; send a message"
        for found in imports(source)
        if within(found.name, *(f"actors.{name}" for name in REGISTRIES)) or role_of(found.name) not in (own, None)
    ]


def simulators_copying(source: Source) -> list[str]:
    """A simulator shares a venue's wire and nothing else of it: two independent writers check each other."""
    if not within(source.name, "engine.simulators"):
        return []
    return [
        f"{source.at(found.line)}: a simulator must not import {found.name}; only the venue's wire is shared"
        for found in imports(source)
        if within(found.name, *(f"engine.venues.{venue}" for venue in SDKS))
        and not (found.name.split(".")[3:] or [""])[0].startswith("wire")
    ]


def sdks_abroad(source: Source) -> list[str]:
    """A venue's SDK is imported by that venue's signing, and by its simulator's verification, only."""
    return [
        f"{source.at(found.line)}: {found.name} belongs into the venue's signing or its simulator's verification"
        for found in imports(source)
        for owners in [[venue for venue, names in SDKS.items() if within(found.name, *names)]]
        if owners and not any(_signs(source, venue) for venue in (*owners, *_also_signed_with(found.name)))
        if not _seals(source, found.name)
    ]


SDK_ROOMS = {"drift": ("signing", "sdk")}
"""Drift's accounts, events and instructions are a program's binary formats: its `sdk*` rooms turn them into plain
values and back with the SDK's own coder, so that codec, ledger and adapter need not know it."""


def _signs(source: Source, venue: str) -> bool:
    place, name = source.name.rpartition(".")[::2]
    if place == f"engine.venues.{venue}":
        return name.startswith(SDK_ROOMS.get(venue, ("signing",)))
    return place == f"engine.simulators.{venue}" and name.startswith(("verification", "signature"))


SEALING = ("nacl.pwhash", "nacl.secret", "nacl.utils", "nacl.exceptions")
"""What encrypts a key file: derivation and box, nothing that signs."""


def _seals(source: Source, name: str) -> bool:
    """One module keeps keys under a password; the library it needs is the one Pacifica signs with."""
    return source.name == "engine.keys.sealing" and within(name, *SEALING)


def _also_signed_with(name: str) -> tuple[str, ...]:
    """Drift signs with the same curve and spells its keys the same way as Pacifica."""
    return ("drift",) if within(name, "nacl", "base58") else ()


def transitions_abroad(source: Source) -> list[str]:
    """Only the interpreter builds the library's machine."""
    return [
        f"{source.at(found.line)}: only statecharts.interpreter imports transitions"
        for found in imports(source)
        if within(found.name, "transitions") and source.name != "statecharts.interpreter"
    ]


def heavy_starts(tree: list[Source], starts: tuple[str, ...], forbidden: tuple[str, ...]) -> list[str]:
    """What importing `start` drags along, with the module to blame."""
    return [
        f"importing {start} imports {name}, in {via}"
        for start in starts
        for name, via in reached(start, tree).items()
        if within(name, *forbidden) and name not in starts
    ]


def replay_awake(source: Source) -> list[str]:
    """Replay and audit do not import trio or a venue even when it is late."""
    return [
        f"{source.at(found.line)}: {source.name} must need neither trio nor venues"
        for found in imports(source)
        if source.name in WITHOUT_VENUES and within(found.name, "trio", "engine.venues")
    ]


RULES = [
    backwards,
    roles_meeting,
    simulators_copying,
    sdks_abroad,
    transitions_abroad,
    replay_awake,
]
SDK_NAMES = tuple(name for names in SDKS.values() for name in names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_tree_keeps_the_rule(rule: object) -> None:
    assert callable(rule)
    assert [line for source in TREE for line in rule(source)] == []


def test_help_render_replay_and_audit_start_without_any_sdk() -> None:
    assert heavy_starts(TREE, STARTS_LIGHT, SDK_NAMES) == []


def test_replay_and_audit_start_without_trio_and_venues() -> None:
    assert heavy_starts(TREE, WITHOUT_VENUES, ("trio", "engine.venues")) == []


def test_the_tree_is_read() -> None:
    names = [source.name for source in TREE]
    assert {"statecharts.chart", "actors.actor", "engine"} <= set(names)


# Every rule can fail.


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (backwards, "statecharts.order", "from actors import domain"),
        (backwards, "statecharts.order", "def f():\n    import engine.clock"),
        (backwards, "actors.risk", "from engine.config import Config"),
        (backwards, "actors.risk", "import importlib\nimportlib.import_module('engine.config')"),
        (backwards, "engine.core", "from tests.playbook import Playbook"),
        (roles_meeting, "actors.risk", "from actors.pair_position import PairPosition"),
        (roles_meeting, "actors.risk.books", "from actors import pair_position"),
        (roles_meeting, "actors.risk.books", "from ..pair_position import state"),
        (roles_meeting, "actors.risk", "from actors.roles import ROLES"),
        (roles_meeting, "actors.gates", "from actors.risk import screen"),
        (simulators_copying, "engine.simulators.pacifica.face", "from engine.venues.pacifica.codec import decode"),
        (simulators_copying, "engine.simulators.pacifica.face", "from engine.venues.pacifica import signing"),
        (simulators_copying, "engine.simulators.server", "import engine.venues.drift.adapter"),
        (sdks_abroad, "engine.venues.pacifica.codec", "import base58"),
        (sdks_abroad, "engine.venues.lighter.signing", "from hyperliquid.utils import signing"),
        (sdks_abroad, "engine.runtime", "def f():\n    import driftpy.keypair"),
        (sdks_abroad, "engine.venues.drift.ledger", "from driftpy.types import Order"),
        (sdks_abroad, "engine.venues.drift.sdk_accounts", "import lighter"),
        (sdks_abroad, "engine.venues.lighter.sdk_client", "import lighter"),
        (sdks_abroad, "engine.keys.sealing", "from nacl.signing import SigningKey"),
        (sdks_abroad, "engine.keys.store", "from nacl.secret import SecretBox"),
        (sdks_abroad, "engine.signing.venues", "import base58"),
        (sdks_abroad, "engine.simulators.hyperliquid.face", "from eth_account import Account"),
        (transitions_abroad, "actors.actor", "from transitions import Machine"),
        (replay_awake, "engine.replay", "def f():\n    import trio"),
        (replay_awake, "engine.audit", "from engine.venues import adapter"),
    ],
)
def test_a_breach_is_noticed(rule: object, name: str, text: str) -> None:
    assert callable(rule)
    assert rule(Source(name, text))


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (backwards, "engine.core", "from actors.actor import Role\nfrom statecharts import chart"),
        (roles_meeting, "actors.risk.books", "from actors.risk.adl import estimate\nfrom actors import domain"),
        (roles_meeting, "actors.roles", "from actors import risk, pair_position"),
        (simulators_copying, "engine.simulators.pacifica.face", "from engine.venues.pacifica.wire_stream import Trade"),
        (simulators_copying, "engine.simulators.pacifica.face", "from engine.venues.adapter import Adapter"),
        (sdks_abroad, "engine.venues.pacifica.signing", "import base58"),
        (sdks_abroad, "engine.keys.sealing", "def f():\n    from nacl import pwhash, utils"),
        (sdks_abroad, "engine.venues.drift.signing", "import base58, driftpy"),
        (sdks_abroad, "engine.venues.drift.sdk_accounts", "from driftpy.decode.user import decode_user"),
        (sdks_abroad, "engine.simulators.pacifica.signature", "from nacl.signing import VerifyKey"),
        (sdks_abroad, "engine.runtime", "from engine.venues.lighter import adapter"),
        (replay_awake, "engine.runtime", "import trio"),
    ],
)
def test_what_is_allowed_passes(rule: object, name: str, text: str) -> None:
    assert callable(rule)
    assert rule(Source(name, text)) == []


def test_a_heavy_start_is_noticed_through_other_modules_and_packages() -> None:
    tree = [
        Source("engine", "", package=True),
        Source("engine.replay", "from engine.journal.reader import read"),
        Source("engine.journal", "from engine import clock", package=True),
        Source("engine.journal.reader", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import base58"),
        Source("engine.clock", "import trio\ndef f():\n    import nacl"),
    ]
    assert heavy_starts(tree, ("engine.replay",), ("trio", *SDK_NAMES)) == [
        "importing engine.replay imports trio, in engine.clock"
    ]
