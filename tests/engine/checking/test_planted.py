from __future__ import annotations

import pytest

from actors import pair_position
from engine.checking.bounds import Bounds, policy_of
from engine.checking.command import catch
from engine.checking.planted import PLANTED, shop_with
from tests.engine.checking.scenes import searched

QUICK = [name for name, bug in PLANTED.items() if bug.faults + bug.asks < 2]


def test_there_are_bugs_enough() -> None:
    assert len(PLANTED) >= 10
    assert len(QUICK) >= 10


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found(name: str) -> None:
    caught = catch(name, PLANTED[name])
    assert caught.complaint, f"{caught.doc}: not found"


@pytest.mark.parametrize("name", [name for name in QUICK if PLANTED[name].faults])
def test_a_bug_that_needs_a_fault_is_not_found_without(name: str) -> None:
    bug = PLANTED[name]._replace(faults=0)
    assert catch(name, bug).complaint == ""


@pytest.mark.parametrize("name", [name for name in QUICK if PLANTED[name].asks])
def test_a_bug_that_needs_to_be_asked_is_not_found_unasked(name: str) -> None:
    bug = PLANTED[name]._replace(asks=0)
    assert catch(name, bug).complaint == ""


@pytest.mark.parametrize("name", [name for name in QUICK if PLANTED[name].gone])
def test_a_bug_that_needs_a_venue_gone_for_good_is_not_found_while_all_come_back(name: str) -> None:
    bug = PLANTED[name]._replace(gone=0)
    assert catch(name, bug).complaint == ""


def test_a_planted_bug_does_not_touch_what_is_shipped() -> None:
    shop = shop_with("close_not_reduce_only", policy_of(Bounds()))
    assert shop.role is not pair_position.ROLE
    assert searched(Bounds(lots=1, faults=0, asks=1)).complaints == ()


def test_an_unknown_bug_is_refused() -> None:
    with pytest.raises(KeyError):
        shop_with("teapot", policy_of(Bounds()))
