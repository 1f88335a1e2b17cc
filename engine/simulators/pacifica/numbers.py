"""The venue's order numbers: given at acknowledgement, before the exchange has seen the order."""

from __future__ import annotations

import msgspec

FIRST = 1_557_000_000
MOST = 100_000


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """Whose order a number stands for, and its id inside the exchange."""

    account: str
    exchange_id: int


class Numbers:
    """Both directions between the venue's numbers and the exchange's ids; the oldest are forgotten."""

    def __init__(self) -> None:
        self.last = FIRST
        self._numbers: dict[int, int] = {}
        self._orders: dict[int, Numbered] = {}

    def new(self) -> int:
        """The next number."""
        self.last += 1
        return self.last

    def bind(self, number: int, account: str, exchange_id: int) -> None:
        """This number is this order."""
        self._numbers[exchange_id] = number
        self._orders[number] = Numbered(account=account, exchange_id=exchange_id)
        while len(self._orders) > MOST:
            oldest = next(iter(self._orders))
            self._numbers.pop(self._orders.pop(oldest).exchange_id, None)

    def of(self, account: str, exchange_id: int) -> int:
        """The number of an order; orders of the venue's own (a liquidation's) get one when first told."""
        if exchange_id not in self._numbers:
            self.bind(self.new(), account, exchange_id)
        return self._numbers[exchange_id]

    def known(self, exchange_id: int) -> bool:
        """Whether the order was ever acknowledged."""
        return exchange_id in self._numbers

    def order(self, number: int) -> Numbered | None:
        """The order behind a number."""
        return self._orders.get(number)
