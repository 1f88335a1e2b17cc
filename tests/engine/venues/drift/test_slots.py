from engine.venues.drift.slots import LAST, Slots


def test_numbers_are_given_in_turn_so_that_one_comes_back_as_late_as_possible():
    slots = Slots()
    first = slots.take("a")
    assert first == 1
    slots.free(1, "a")
    assert slots.take("b") == 2


def test_a_number_is_never_given_while_its_order_may_live():
    slots = Slots()
    taken = [slots.take(str(n)) for n in range(LAST)]
    assert sorted(taken) == list(range(1, LAST + 1))
    assert slots.take("one more") is None
    slots.free(7, "6")
    assert slots.take("one more") == 7


def test_only_the_order_that_holds_a_number_frees_it():
    slots = Slots()
    slots.take("a")
    slots.free(1, "somebody else")
    assert [slots.take(str(n)) for n in range(LAST)][-1] is None


def test_numbers_of_orders_found_open_are_taken_too():
    slots = Slots()
    slots.seen_open([1, 2, 4])
    assert [slots.take("a"), slots.take("b")] == [3, 5]
    slots.seen_open([])
    assert [slots.take(str(n)) for n in range(LAST - 2)].count(None) == 0


def test_beside_an_order_of_an_earlier_process_numbers_are_given_from_the_other_side():
    """Others of its may be on their way under the numbers that come next."""
    slots = Slots()
    slots.hold(200, "old")
    taken = [slots.take(str(n)) for n in range(LAST)]
    assert taken[0] == 73
    assert sorted(number for number in taken if number) == [n for n in range(1, LAST + 1) if n != 200]
    slots.free(200, "old")
    assert slots.take("one more") == 200
