from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.domain import Venue
from engine.venues.assets import listed
from engine.venues.drift.accruals import EPOCHS_MOST, Accruals
from engine.venues.drift.values import FundingSettled
from tests.engine.venues.drift.chain import Chain

D = Decimal
USD_A_BASE = 10**9
SOL = listed(Venue.DRIFT, "SOL-PERP")


def chain(base=10**9) -> Chain:
    found = Chain(base=base, quote=-base * 150 // 1000, settled_at=5)
    found.perp.amm.last_funding_rate_ts = 3600
    return found


def hour(found: Chain, rate: int = USD_A_BASE) -> None:
    """The market's funding moves on by one hour."""
    amm = found.perp.amm
    amm.cumulative_funding_rate_long += rate
    amm.cumulative_funding_rate_short += rate
    amm.last_funding_rate = amm.last_funding_rate_long = amm.last_funding_rate_short = rate
    amm.last_funding_rate_ts += 3600


def settle(found: Chain, base: int | None = None) -> FundingSettled:
    """An instruction touches the position: the record of it, and the User account afterwards."""
    held = found.user.perp_positions[0]
    now = found.perp.amm.cumulative_funding_rate_long
    record = FundingSettled(
        ts=found.perp.amm.last_funding_rate_ts + 60,
        user="u",
        market_index=0,
        payment=-(now - held.last_cumulative_funding_rate) * held.base_asset_amount // 10**12,
        base=held.base_asset_amount,
        cumulative_from=held.last_cumulative_funding_rate,
        cumulative_long=now,
        cumulative_short=now,
    )
    held.last_cumulative_funding_rate = now
    held.base_asset_amount = held.base_asset_amount if base is None else base
    return record


def test_each_hour_is_told_once_and_what_was_before_the_first_reading_never():
    found, accruals = chain(), Accruals()
    hour(found)
    assert accruals.read(found.read()) == ()
    assert accruals.read(found.read()) == ()
    hour(found)
    (payment,) = accruals.read(found.read())
    assert (payment.asset, payment.amount_usd, payment.size) == ("SOL", -1, 1)
    assert payment.rate_per_hour == 1 / D(150)
    assert payment.venue_at_ns == 3 * 3600 * 10**9
    assert accruals.read(found.read()) == ()


def test_a_short_receives_what_longs_pay():
    found, accruals = chain(-2 * 10**9), Accruals()
    accruals.read(found.read())
    hour(found)
    (payment,) = accruals.read(found.read())
    assert (payment.amount_usd, payment.size) == (2, -2)


def test_hours_missed_between_readings_come_together():
    found, accruals = chain(), Accruals()
    accruals.read(found.read())
    hour(found)
    hour(found)
    assert [payment.amount_usd for payment in accruals.read(found.read())] == [-2]


def test_a_settlement_pays_only_what_has_not_been_told():
    found, accruals = chain(), Accruals()
    accruals.read(found.read())
    hour(found)
    accruals.read(found.read())
    assert accruals.settled(settle(found), SOL) == ()
    hour(found)
    accruals.read(found.read())
    hour(found)
    (rest,) = accruals.settled(settle(found), SOL)
    assert rest.amount_usd == -1
    assert accruals.read(found.read()) == ()


@pytest.mark.parametrize("record_first", [True, False])
def test_record_and_reading_may_come_in_either_order(record_first):
    found, accruals = chain(), Accruals()
    accruals.read(found.read())
    hour(found)
    told = list(accruals.read(found.read()))
    hour(found)
    record = settle(found)
    if record_first:
        told += [*accruals.settled(record, SOL), *accruals.read(found.read())]
    else:
        told += [*accruals.read(found.read()), *accruals.settled(record, SOL)]
    assert sum(payment.amount_usd for payment in told) == -2


def test_a_position_opened_and_closed_between_readings_is_told_by_its_record():
    found, accruals = chain(), Accruals()
    accruals.read(found.read())
    accruals.settled(settle(found, base=0), SOL)
    found.user.perp_positions[0].base_asset_amount = 3 * 10**9
    hour(found)
    told = accruals.settled(settle(found, base=0), SOL)
    assert [payment.amount_usd for payment in told] == [-3]


def test_a_position_opened_while_we_watch_is_told_from_its_opening():
    found, accruals = chain(base=0), Accruals()
    accruals.read(found.read())
    hour(found)
    held = found.user.perp_positions[0]
    held.base_asset_amount, held.last_cumulative_funding_rate = 10**9, found.perp.amm.cumulative_funding_rate_long
    hour(found)
    assert [payment.amount_usd for payment in accruals.read(found.read())] == [-1]


def test_payments_have_ids_of_their_own():
    found, accruals = chain(), Accruals()
    accruals.read(found.read())
    ids = []
    for _ in range(3):
        hour(found)
        ids += [payment.payment_id for payment in accruals.read(found.read())]
    assert len(ids) == len(set(ids)) == 3


def test_memory_is_bounded():
    found, accruals = chain(), Accruals()
    reading = found.read()
    (position,) = (row for row in reading.user.positions if row.base)
    for number in range(EPOCHS_MOST + 5):
        user = replace(reading.user, positions=(replace(position, cumulative=number),))
        accruals.read(replace(reading, user=user))
    assert len(accruals._told) <= EPOCHS_MOST + 1


@pytest.mark.parametrize("settled_away", [False, True], ids=["held", "settled while away"])
@pytest.mark.parametrize("base", [2 * 10**9, -2 * 10**9], ids=["long", "short"])
def test_an_earlier_process_is_continued_where_its_last_payment_ended(base, settled_away):
    found, earlier, later = chain(base), Accruals(), Accruals()
    earlier.read(found.read())
    hour(found, -(10**6))
    told = list(earlier.read(found.read()))
    hour(found, 3 * USD_A_BASE)
    hour(found)
    later.recall(["0-1000000", *(payment.payment_id for payment in told)])
    if settled_away:
        record = settle(found, base=0)
        told += [*later.read(found.read()), *later.settled(record, SOL)]
    else:
        told += later.read(found.read())
    assert [payment.amount_usd for payment in told] == [D(base) / 10**12, -4 * D(base) / 10**9]
    assert len({payment.payment_id for payment in told}) == 2


def test_an_epoch_of_which_an_earlier_process_told_nothing_is_told_from_its_beginning():
    found, later = chain(), Accruals()
    hour(found)
    later.recall([])
    assert [payment.amount_usd for payment in later.read(found.read())] == [-1]


def test_a_settlement_that_an_earlier_process_told_pays_nothing_again():
    found, earlier, later = chain(), Accruals(), Accruals()
    earlier.read(found.read())
    hour(found)
    record = settle(found)
    (told,) = earlier.settled(record, SOL)
    later.recall([told.payment_id])
    assert later.settled(record, SOL) == ()
    assert later.read(found.read()) == ()
