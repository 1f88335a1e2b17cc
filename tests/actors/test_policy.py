from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain import LAPSE_GRACE_NS, NS_PER_S, Venue
from actors.policy import Policy, PolicyPart

PARTS = [name for name in Policy.__struct_fields__ if name != "order_namespace"]


def test_a_policy_comes_back_from_the_journal_s_header_as_it_was() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Policy()), type=Policy) == Policy()


@pytest.mark.parametrize("part", PARTS)
def test_a_field_that_is_not_here_does_not_exist(part: str) -> None:
    told: dict[str, Any] = msgspec.to_builtins(Policy())
    told[part]["surprise"] = 1
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        msgspec.convert(told, Policy)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_a_frozen_section(part: str) -> None:
    section = getattr(Policy(), part)
    assert isinstance(section, PolicyPart)
    with pytest.raises(AttributeError):
        setattr(section, section.__struct_fields__[0], None)


UNITS = ("_s", "_h", "_bps", "_usd", "_most", "_least", "_level", "_fraction")
WITHOUT_UNIT = {
    "orders_remembered": "a count",
    "unreliable_first": "venues, in order",
    "level_scores": "plain numbers",
    "interest_drop_step": "a fraction",
    "deleveraged_stress": "a plain number",
    "prior_weight": "observations",
    "place_step": "a score",
    "depth_usual_share": "a share",
    "maker_share": "a share",
    **dict.fromkeys((f"{kind}_factor" for kind in ("ack", "reject", "doubt", "final", "link", "depth")), "a score"),
    "assets": "names",
    "venues": "names",
    "settle_tokens": "names",
    "settle_tokens_may_differ": "yes or no",
    "calibrated_only": "yes or no",
    "confidence": "standard errors",
    "basis_gain_share": "a share",
    "basis_cost_share": "a share",
    "switching_factor": "times the cost of a change",
    "insurance_tiers": "tiers, by venue",
    "buffer_volatilities": "standard deviations",
    "volatility_assumed": "standard deviations of a day's return, by asset",
    "volatility_assumed_other": "the same",
    "shocks": "fractions",
    "maintenance_multiple": "maintenance margins",
    "funding_multiple": "times the expected rate",
    "stressed_spread_multiple": "times today's",
    "funding_caps_per_hour": "fractions, by venue",
    "deviations": "standard deviations",
    "alarm_multiple": "maintenance margins",
    "reduce_multiple": "maintenance margins",
}


def test_a_number_says_its_unit_or_that_it_is_a_bound() -> None:
    names = [name for part in PARTS for name in getattr(Policy(), part).__struct_fields__]
    bare = [name for name in names if not name.endswith(UNITS)]
    assert sorted(bare) == sorted(WITHOUT_UNIT)


def test_every_venue_has_its_place_in_the_order_of_closing() -> None:
    assert sorted(Policy().exit.unreliable_first) == sorted(Venue)


def test_the_defaults_are_the_house_s() -> None:
    """Leverage at most 3; ADL level 4 reduces and 5 exits, watched every 30 s; three attempts, then an alarm."""
    policy = Policy()
    assert policy.risk.leverage_most == 3
    assert (policy.adl.reduce_level, policy.adl.exit_level, policy.adl.watch_s) == (4, 5, 30.0)
    assert (policy.exit.close_tries_most, policy.exit.emergency_tries_most) == (3, 3)
    assert list(policy.adl.level_scores) == sorted(policy.adl.level_scores)
    assert Decimal(0) < policy.adl.reduce_fraction < Decimal(1)


def test_an_order_cannot_outlive_the_doubt_about_it() -> None:
    """Questions go on until an order's lifetime and grace have passed: it is not given up while it may live."""
    order = Policy().order
    assert order.doubt_retry_s * order.doubt_tries_most > order.order_lifetime_s + LAPSE_GRACE_NS / NS_PER_S
    assert order.unreachable_tries_most <= order.doubt_tries_most
