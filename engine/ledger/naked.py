"""What the price did to a pair while its legs were unequal: the cost of the naked leg.

For as long as the net size stands beyond the pair's dust, it is valued at each of the pair's messages by the reference
price (mid, else mark) of the leg that is larger; the net size times what that price has moved since the message before
is the naked leg's gain, negative a cost. The same amount is taken out of that leg's price result, so that nothing is
counted twice. Used by `fold`; the time itself is measured by `actors.pair_position.books`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.pair_position.books import reference_price
from actors.pair_position.state import LegName, PairPosition


class Standing(msgspec.Struct, frozen=True):
    """A net size beyond dust, the larger leg, and that leg's reference price when it was last looked at."""

    net: Decimal
    leg: LegName
    price: Decimal


def standing(pair: PairPosition, context: Context) -> Standing | None:
    """What stands naked now; None when the legs are equal up to dust, or no price is known."""
    if not pair.naked:
        return None
    leg: LegName = "taker" if abs(pair.taker.position) >= abs(pair.maker.position) else "maker"
    price = reference_price(pair, context, leg)
    return Standing(pair.net, leg, price) if price else None


def gained_usd(before: Standing, pair: PairPosition, context: Context) -> Decimal:
    """What the price has brought to a standing net size since it was last looked at, USD."""
    price = reference_price(pair, context, before.leg)
    return before.net * (price - before.price) if price else Decimal(0)
