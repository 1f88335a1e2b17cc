from __future__ import annotations

from engine.checking.bounds import Bounds, policy_of
from engine.checking.expansion import Expander, digest_of
from engine.checking.form import freeze
from engine.checking.planted import shop_with
from tests.engine.checking.scenes import SHOP, SMALL, entered, fairly, start


def test_a_world_tells_where_its_moves_lead_and_which_are_fair() -> None:
    (expansion,) = Expander(SHOP, SMALL).expand([freeze(entered(), SHOP.policy)])
    assert not expansion.settled
    assert expansion.complaints == ()
    assert [successor.move for successor in expansion.successors if successor.fair] == [0]
    assert len({(each.digest, each.faults, each.asks) for each in expansion.successors}) == len(expansion.successors)


def test_a_form_is_sent_once_in_a_lot() -> None:
    form = freeze(entered(), SHOP.policy)
    first, second = Expander(SHOP, SMALL).expand([form, form])
    assert all(successor.form for successor in first.successors)
    assert not any(successor.form for successor in second.successors)


def test_a_digest_leaves_budgets_out() -> None:
    forms = [freeze(start(Bounds(faults=faults)), SHOP.policy) for faults in (1, 2)]
    assert forms[0] != forms[1]
    assert digest_of(forms[0]) == digest_of(forms[1])


def test_every_pair_is_asked_for_an_emergency_and_told_a_stale_timer() -> None:
    obeying = Expander(shop_with("stale_generation_obeyed", policy_of(SMALL)), SMALL)
    (expansion,) = obeying.expand([freeze(fairly(start(), "HEDGED.earning"), SHOP.policy)])
    assert expansion.complaints == ((-1, "1 a timer that does not run was obeyed in HEDGED.earning, by H15"),)
