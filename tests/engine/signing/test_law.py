"""What may be signed, whatever the engine asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from actors.domain import Venue
from engine.signing.law import HOUR_NS, Caps, Law, MarketCap, Opened
from engine.venues.signing import Opening, Operation, Purpose, SigningRefused
from tests.engine.keys.samples import ACCOUNT

WIDE = MarketCap(market="1", asset="ETH", unit=Decimal(1), size_most=Decimal(1_000_000))
BONK = MarketCap(market="85", asset="BONK", unit=Decimal(1000), size_most=Decimal(50_000))
CAPS = Caps(
    venue=Venue.HYPERLIQUID,
    network="testnet",
    account=ACCOUNT,
    order_most_usd=Decimal(100),
    hour_most_usd=Decimal(250),
    leverage_most=2,
    markets=(WIDE, BONK),
)


def opening(usd: Any, size: Any = "0.001", market: str = "1") -> Opening:
    return Opening(market=market, size=Decimal(size), usd=Decimal(usd))


def order(usd: Any, size: Any = "0.001", market: str = "1") -> Purpose:
    return Purpose(operation="order", opens=(opening(usd, size, market),))


def sign(law: Law, purpose: Purpose, now_ns: int = 0) -> Decimal:
    usd = law.weigh(purpose, now_ns)
    law.count(usd, now_ns)
    return usd


def test_every_operation_may_be_signed_and_no_other() -> None:
    law = Law(CAPS)
    for operation in get_args(Operation):
        assert law.weigh(Purpose(operation=operation, leverage=1), 0) == 0
    with pytest.raises(SigningRefused, match="'withdraw' is not allowed"):
        law.weigh(Purpose(operation="withdraw"), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("cap", ["order_most_usd", "hour_most_usd"])
def test_with_a_cap_of_nothing_whatever_reduces_is_signed_and_nothing_else(cap: str) -> None:
    caps = msgspec.structs.replace(CAPS, leverage_most=0, **{cap: Decimal(0)})
    assert caps.reduces_only
    assert not CAPS.reduces_only
    law = Law(caps)
    assert law.weigh(Purpose(operation="order"), 0) == 0
    with pytest.raises(SigningRefused, match="over the cap of 0"):
        law.weigh(order("0.01"), 0)
    with pytest.raises(SigningRefused, match="leverage 1 is over the cap of 0"):
        law.weigh(Purpose(operation="leverage", leverage=1), 0)


def test_an_order_up_to_the_cap_passes_and_a_larger_one_does_not() -> None:
    law = Law(CAPS)
    assert law.weigh(order(100), 0) == 100
    with pytest.raises(SigningRefused, match=r"opens 100.01 USD, over the cap of 100 for one order"):
        law.weigh(order("100.01"), 0)


def test_the_orders_of_one_request_are_one_order() -> None:
    both = Purpose(operation="order", opens=(opening(60), opening(60)))
    with pytest.raises(SigningRefused, match="opens 120 USD, over the cap of 100"):
        Law(CAPS).weigh(both, 0)
    halves = Purpose(operation="order", opens=(opening(1, 26, "85"), opening(1, 26, "85")))
    with pytest.raises(SigningRefused, match="opens 52000 BONK, over the cap of 50000 for one order"):
        Law(CAPS).weigh(halves, 0)


def test_an_order_has_a_size_cap_in_single_tokens_whatever_its_price() -> None:
    law = Law(CAPS)
    assert law.weigh(order(1, 50, "85"), 0) == 100
    with pytest.raises(SigningRefused, match=r"opens 50001.000 BONK, over the cap of 50000 for one order"):
        law.weigh(order("0.01", "50.001", "85"), 0)


def test_a_low_price_does_not_make_an_order_count_for_less_than_its_share() -> None:
    """A sell far below the market fills at the market."""
    law = Law(CAPS)
    assert law.weigh(order("0.01", 25, "85"), 0) == 50
    assert law.weigh(order(75, 25, "85"), 0) == 75, "a high price counts as it stands"
    for _ in range(5):
        sign(law, order("0.01", 25, "85"))
    with pytest.raises(SigningRefused, match=r"after 250\.0 within the hour"):
        law.weigh(order("0.01", 1, "85"), 0)


def test_a_share_is_never_rounded_down() -> None:
    third = msgspec.structs.replace(CAPS, markets=(msgspec.structs.replace(WIDE, size_most=Decimal(3)),))
    assert law_share(third, 1) > Decimal(100) / 3
    assert law_share(third, 3) == 100


def law_share(caps: Caps, size: int) -> Decimal:
    return Law(caps).weigh(order("0.01", size), 0)


def test_nothing_is_opened_in_a_market_without_a_cap() -> None:
    with pytest.raises(SigningRefused, match="market 2 has no cap; give it one in sign_markets"):
        Law(CAPS).weigh(order(1, 1, "2"), 0)
    mixed = Purpose(operation="order", opens=(opening(1), opening(1, 1, "2")))
    with pytest.raises(SigningRefused, match="market 2 has no cap"):
        Law(CAPS).weigh(mixed, 0)
    none = msgspec.structs.replace(WIDE, size_most=Decimal(0))
    with pytest.raises(SigningRefused, match="over the cap of 0"):
        Law(msgspec.structs.replace(CAPS, markets=(none,))).weigh(order(1), 0)


def test_where_no_money_is_real_any_market_may_be_allowed_and_on_a_main_network_never() -> None:
    free = msgspec.structs.replace(CAPS, any_market=True)
    assert Law(free).weigh(order(7, 1, "2"), 0) == 7
    with pytest.raises(SigningRefused, match="over the cap of 50000"):
        Law(free).weigh(order(7, 51, "85"), 0)
    with pytest.raises(ValueError, match="on a main network every market has a cap"):
        Caps(**{field: getattr(free, field) for field in free.__struct_fields__} | {"network": "mainnet"})


def test_what_only_reduces_is_never_counted_and_never_capped() -> None:
    law, reduces = Law(CAPS), Purpose(operation="order")
    for _ in range(1000):
        assert sign(law, reduces) == 0
    assert law.opened_usd(0) == 0
    for _ in range(2):
        sign(law, order(100))
    with pytest.raises(SigningRefused):
        law.weigh(order(51), 0)
    assert law.weigh(reduces, 0) == 0


def test_an_hour_has_a_cap_that_rolls() -> None:
    law = Law(CAPS)
    for at_ns in (0, 10, 20):
        sign(law, order(80), at_ns)
    with pytest.raises(SigningRefused, match="opens 80 USD after 240 within the hour, over the cap of 250"):
        law.weigh(order(80), HOUR_NS - 1)
    sign(law, order(10), HOUR_NS - 1)
    sign(law, order(80), HOUR_NS)
    assert law.opened_usd(HOUR_NS + 20) == 90
    assert law.opened_usd(2 * HOUR_NS) == 0


def test_what_is_refused_counts_for_nothing() -> None:
    law = Law(CAPS)
    for _ in range(10):
        with pytest.raises(SigningRefused):
            sign(law, order(101))
    assert law.opened_usd(0) == 0


def test_a_process_that_takes_over_counts_what_the_last_one_let_open() -> None:
    kept = (Opened(age_ns=0, usd=Decimal(100)), Opened(age_ns=HOUR_NS - 5, usd=Decimal(100)))
    law = Law(CAPS, kept, now_ns=7)
    assert law.opened_usd(7) == 200
    assert law.opened(8) == (Opened(age_ns=HOUR_NS - 4, usd=Decimal(100)), Opened(age_ns=1, usd=Decimal(100)))
    with pytest.raises(SigningRefused, match="after 200"):
        law.weigh(order(60), 7)
    assert law.weigh(order(60), 12) == 60


@pytest.mark.parametrize("leverage", [None, 0, 3, -1])
def test_leverage_over_the_cap_or_unknown_is_refused(leverage: int | None) -> None:
    with pytest.raises(SigningRefused, match="over the cap of 2"):
        Law(CAPS).weigh(Purpose(operation="leverage", leverage=leverage), 0)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "0"])
def test_amounts_that_make_no_sense_are_refused(amount: str) -> None:
    """A price of 0 is a sell at any price."""
    for purpose in (order(amount), order(1, amount)):
        with pytest.raises(SigningRefused, match="makes no sense"):
            Law(CAPS).weigh(purpose, 0)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1", "-Infinity"])
@pytest.mark.parametrize("cap", ["order_most_usd", "hour_most_usd"])
def test_a_cap_that_caps_nothing_is_no_cap(cap: str, amount: str) -> None:
    terms = {field: getattr(CAPS, field) for field in CAPS.__struct_fields__} | {cap: Decimal(amount)}
    with pytest.raises(ValueError, match=cap):
        Caps(**terms)
    raw = msgspec.json.encode({**msgspec.to_builtins(CAPS), cap: amount})
    with pytest.raises(msgspec.ValidationError, match=cap):
        msgspec.json.decode(raw, type=Caps)


@pytest.mark.parametrize(
    ("field", "amount"), [("size_most", "NaN"), ("size_most", "-1"), ("unit", "0"), ("unit", "Infinity")]
)
def test_a_market_s_cap_is_an_amount(field: str, amount: str) -> None:
    with pytest.raises(ValueError, match=field):
        MarketCap(**{name: getattr(WIDE, name) for name in WIDE.__struct_fields__} | {field: Decimal(amount)})


def test_a_market_has_one_cap() -> None:
    with pytest.raises(ValueError, match="two caps"):
        Caps(**{field: getattr(CAPS, field) for field in CAPS.__struct_fields__} | {"markets": (WIDE, WIDE)})


@pytest.mark.parametrize("usd", ["-1", "NaN"])
def test_what_was_opened_is_an_amount(usd: str) -> None:
    with pytest.raises(ValueError, match="usd"):
        Opened(age_ns=0, usd=Decimal(usd))
