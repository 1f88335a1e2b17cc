"""What a client asks for."""

from decimal import Decimal

import msgspec

from engine.simulators.exchange.terms import TimeInForce


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the client wrote it. Price in USD, size in base units.

    `price` None is a market order: it needs `max_slippage` (a fraction of the mark price that bounds the
    worst fill) and `time_in_force` IOC. `expires_at_ns`: refused when it arrives later, cancelled if it still
    rests then. A client order id may be used once per account, unless its order was rejected.
    """

    asset: str
    is_buy: bool
    size: Decimal
    price: Decimal | None
    max_slippage: Decimal | None = None
    time_in_force: TimeInForce
    reduce_only: bool = False
    client_order_id: str | None = None
    expires_at_ns: int | None = None
