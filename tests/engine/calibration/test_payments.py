from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.calibration.payments import PAYMENTS, Payment, agrees, payments_of, ratio

SETTLEMENT = next(payment for payment in PAYMENTS if payment.key == "pacifica/prices.funding")


@pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.source[:24])
def test_every_known_payment_is_the_money_its_rate_says(payment: Payment) -> None:
    assert agrees(payment)


def test_at_the_settlement_s_own_price_the_money_agrees_to_its_last_digit() -> None:
    assert abs(ratio(SETTLEMENT) - 1) < Decimal("0.00001")


@pytest.mark.parametrize("wrong", [Decimal(8), Decimal(100), Decimal("0.125"), Decimal(-1)])
def test_a_wrong_unit_or_sign_does_not_agree(wrong: Decimal) -> None:
    assert not agrees(msgspec.structs.replace(SETTLEMENT, raw=SETTLEMENT.raw * wrong))


def test_payments_are_found_by_their_field() -> None:
    assert len(payments_of("lighter/fundings.rate")) == 2
    assert payments_of("drift/FundingRateRecord.funding_rate") == ()
