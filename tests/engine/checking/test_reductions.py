from __future__ import annotations

import random

import msgspec
import pytest

from engine.checking.bounds import Bounds
from engine.checking.decision import Shop
from engine.checking.form import freeze, thaw
from engine.checking.planted import shop_with
from engine.checking.reductions import REDUCTIONS, Reduction, differences, future
from engine.checking.search import expanding, search
from engine.checking.world import World
from tests.engine.checking.scenes import SHOP, SMALL, fairly, start

SAMPLES = 60


@pytest.fixture(scope="module")
def forms() -> list[bytes]:
    """Forms sampled from all over a search, the same ones each time."""
    seen: list[bytes] = []
    bounds = msgspec.structs.replace(SMALL, worlds_most=12_000)
    with expanding(bounds, 1) as expand:

        def noting(level: list[bytes]) -> object:
            seen.extend(level)
            return expand(level)

        search(bounds, noting)  # type: ignore[arg-type]
    return random.Random(7).sample(seen, SAMPLES)


def test_nothing_that_is_left_out_changes_what_can_happen(forms: list[bytes]) -> None:
    assert list(differences(SHOP, 2, forms, 2)) == []


def test_every_reduction_was_tried(forms: list[bytes]) -> None:
    for name, reduction in REDUCTIONS.items():
        changed = [form for form in forms if reduction.disturbed(thaw(form)) not in (None, thaw(form))]
        assert changed, f"{name} disturbed no sampled world"


def test_a_reduction_that_leaves_out_too_much_is_noticed(forms: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def fewer_tries(world: World) -> World:
        return msgspec.structs.replace(world, pair=msgspec.structs.replace(world.pair, tries=world.pair.tries + 1))

    monkeypatch.setitem(REDUCTIONS, "tries", Reduction("tries do not matter", fewer_tries))
    assert any(text.startswith("tries:") for text in differences(SHOP, 2, forms, 1))


def test_a_future_tells_rows_apart() -> None:
    world = fairly(start(Bounds(faults=0, asks=1)), "HEDGED.earning")
    buggy: Shop = shop_with("hedged_without_verification", SHOP.policy)
    verifying = fairly(start(Bounds(faults=0, asks=1)), "MAKER_PENDING.resting")
    assert future(SHOP, 2, world, 1) == future(SHOP, 2, thaw(freeze(world, SHOP.policy)), 1)
    assert future(SHOP, 2, verifying, 3) != future(buggy, 2, verifying, 3)
