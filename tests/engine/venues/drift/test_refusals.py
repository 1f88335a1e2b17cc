import pytest

from actors.domain import RejectReason
from engine.venues.drift import refusals
from engine.venues.drift.refusals import code_of, found_nothing, reason_of, rejected
from engine.venues.drift.sdk_coder import idl_of


def custom(code):
    return {"InstructionError": [2, {"Custom": code}]}


def test_every_code_has_the_name_the_program_gives_it():
    import json

    named = {error["code"]: error["name"] for error in json.loads(idl_of("").to_json())["errors"]}
    assert {code: named[code] for code in refusals._REASONS} == {
        code: name for code, (name, _) in refusals._REASONS.items()
    }
    assert [named[code] for code in refusals.ORDER_NOT_OPEN] == ["UserHasNoOrder", "OrderDoesNotExist", "OrderNotOpen"]


@pytest.mark.parametrize(
    ("err", "reason", "word"),
    [
        (custom(6057), RejectReason.POST_ONLY_WOULD_CROSS, "6057 PlacePostOnlyLimitFailure"),
        (custom(6003), RejectReason.MARGIN, "6003 InsufficientCollateral"),
        (custom(6024), RejectReason.HALTED, "6024 ExchangePaused"),
        (custom(6999), RejectReason.OTHER, "6999"),
        ("BlockhashNotFound", RejectReason.OTHER, "BlockhashNotFound"),
        ({"InstructionError": [0, "ComputationalBudgetExceeded"]}, RejectReason.OTHER, "ComputationalBudgetExceeded"),
    ],
)
def test_a_failed_transaction_tells_why_in_our_words_and_its_own(err, reason, word):
    found, told = reason_of(err)
    assert found is reason
    assert word in told


def test_an_error_that_is_not_the_program_s_has_no_code():
    for err in (None, "x", {"InstructionError": [0, "GenericError"]}, {"InstructionError": [0]}, [1]):
        assert code_of(err) is None
        assert not found_nothing(err)
    assert found_nothing(custom(6062))


def test_a_rejection_says_where_it_was_found():
    assert rejected("a" * 32, custom(6057), "the node's simulation failed").detail == (
        "the node's simulation failed: 6057 PlacePostOnlyLimitFailure"
    )
