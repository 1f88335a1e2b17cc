"""A secret shows in nothing but `reveal`."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest

from engine.keys import KeyFile, Secret
from tests.engine.keys.samples import HYPERLIQUID, leaks

SECRET = HYPERLIQUID.secret


def test_only_reveal_tells_it() -> None:
    assert leaks(SECRET.reveal())
    shown = (repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET!r:>20}", f"{[SECRET]}", repr(HYPERLIQUID))
    assert [leaks(text) for text in shown] == [[]] * len(shown)
    assert repr(SECRET) == "<secret>"


@pytest.mark.parametrize(
    "write",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.to_builtins],
)
@pytest.mark.parametrize("thing", [SECRET, HYPERLIQUID, {"key": SECRET}], ids=["secret", "key", "dict"])
def test_it_is_neither_pickled_nor_copied_nor_written(write: Callable[[object], object], thing: object) -> None:
    if write is copy.copy and thing is not SECRET:
        return  # a shallow copy of what holds it is the same secret, still hidden
    with pytest.raises(TypeError):
        write(thing)


def test_it_has_no_attributes_to_look_at() -> None:
    assert not hasattr(SECRET, "__dict__")
    with pytest.raises(TypeError):
        vars(SECRET)
    with pytest.raises(TypeError):
        hash(SECRET)


def test_a_traceback_with_local_variables_does_not_show_it() -> None:
    def fail(key: KeyFile, secret: Secret) -> None:
        raise RuntimeError(f"{key.venue} {secret}")

    with pytest.raises(RuntimeError) as caught:
        fail(HYPERLIQUID, SECRET)
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "key = KeyFile" in told
    assert leaks(told) == []


def test_equal_secrets_are_equal_and_an_empty_one_is_none() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    with pytest.raises(ValueError, match="not empty"):
        Secret("")
