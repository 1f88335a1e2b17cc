"""One side of the book: the synthetic external levels, the resting orders among them, and who is next.

Price first; at one price the external size that stood there when an order joined (`queue_ahead`) goes before
it.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.simulators.exchange.instrument import stepper
from engine.simulators.exchange.ledger import ENTRY_STEP
from engine.simulators.exchange.state import ZERO, Level, Listing, Order, Side
from engine.simulators.exchange.views import BookLevel
from engine.simulators.market.point import MarketPoint

TEN_THOUSAND = Decimal(10_000)


def rebuild(listing: Listing, point: MarketPoint) -> None:
    """Replace both external sides by the levels of `point`, on the instrument's lattice, bid < ask."""
    if point.depth is not listing.depth:
        sizes = [(lv.bps / TEN_THOUSAND, listing.spec.floor_size(lv.size)) for lv in point.depth]
        listing.depth, listing.shape = point.depth, [(bps, size) for bps, size in sizes if size > 0]
    mid, half = point.mid, point.spread_bps / 2 / TEN_THOUSAND
    widest = listing.shape[-1][0] if listing.shape else ZERO
    step = listing.spec.price_step(mid * (1 + half + widest))
    listing.bids.external = _levels(mid * (1 - half), -mid, listing.shape, step, ROUND_FLOOR)
    listing.asks.external = _levels(mid * (1 + half), mid, listing.shape, step, ROUND_CEILING)
    _uncross(listing, step)


def _levels(
    touch: Decimal, outward: Decimal, shape: list[tuple[Decimal, Decimal]], step: Decimal, rounding: str
) -> list[Level]:
    """Levels from the touch outwards (`outward` = signed mid); neighbours at one price are merged."""
    levels: list[Level] = []
    on_lattice = stepper(step, rounding)
    for distance, size in shape:
        price = on_lattice(touch + outward * distance)
        if levels and levels[-1].price == price:
            levels[-1].size += size
        elif price > 0:
            levels.append(Level(price, size))
    return levels


def _uncross(listing: Listing, step: Decimal) -> None:
    """A mid on the lattice with a spread below one step would lock the book: the best ask moves up a step."""
    bids, asks = listing.bids.external, listing.asks.external
    if bids and asks and asks[0].price <= bids[0].price:
        asks[0].price = bids[0].price + step
        if len(asks) > 1 and asks[1].price <= asks[0].price:
            asks[1].size += asks.pop(0).size


def reaches(side: Side, price: Decimal, limit: Decimal) -> bool:
    """Whether an order from the other side with worst price `limit` trades at `price` on this side."""
    return price >= limit if side.is_bid else price <= limit


def best_price(side: Side) -> Decimal | None:
    """Best price of this side, external or resting."""
    prices = [level.price for level in side.external[:1]] + [order.limit for order in side.resting[:1]]
    if not prices:
        return None
    return max(prices) if side.is_bid else min(prices)


def middle(listing: Listing) -> Decimal:
    """Half way between the best bid and the best ask; the mark while a side is empty."""
    bid, ask = best_price(listing.bids), best_price(listing.asks)
    return listing.mark if bid is None or ask is None else (bid + ask) / 2


def next_slice(side: Side, limit: Decimal) -> tuple[Decimal, Decimal, Order | None] | None:
    """What a taker with worst price `limit` meets next: price, size, resting order (None = external)."""
    level = side.external[0] if side.external else None
    order = side.resting[0] if side.resting else None
    if order is not None and (level is None or not _before(side, level, order)):
        return (order.limit, order.remaining, order) if reaches(side, order.limit, limit) else None
    if level is None or not reaches(side, level.price, limit):
        return None
    shared = order is not None and order.limit == level.price
    return level.price, min(level.size, order.queue_ahead) if order and shared else level.size, None


def _before(side: Side, level: Level, order: Order) -> bool:
    if level.price == order.limit:
        return order.queue_ahead > 0
    return level.price > order.limit if side.is_bid else level.price < order.limit


def eat_external(side: Side, size: Decimal) -> None:
    """Take `size` (at most the whole) from the best external level and from the queues at its price."""
    level = side.external[0]
    level.size -= size
    shorten_queues(side, level.price, size)
    if level.size == 0:
        side.external.pop(0)


def shorten_queues(side: Side, price: Decimal, size: Decimal) -> None:
    """External `size` that stood in front of the orders at `price` is gone."""
    for order in side.resting:
        if order.limit == price:
            order.queue_ahead = max(ZERO, order.queue_ahead - size)


def join(side: Side, order: Order) -> None:
    """Rest `order` behind everything that stands at its price."""
    order.queue_ahead = sum((lv.size for lv in side.external if lv.price == order.limit), ZERO)
    side.resting.append(order)
    side.resting.sort(key=lambda o: (-o.limit if side.is_bid else o.limit, o.order_id))


def leave(side: Side, order: Order) -> None:
    if order in side.resting:
        side.resting.remove(order)


def size_better_than(side: Side, price: Decimal) -> Decimal:
    """External size a taker must eat before it reaches `price`."""
    return sum((lv.size for lv in side.external if not reaches(side, price, lv.price)), ZERO)


def impact_price(side: Side, notional_usd: Decimal, otherwise: Decimal) -> Decimal:
    """Average price of trading `notional_usd` against the external levels; the last one counts as endless."""
    if not side.external:
        return otherwise
    left, base = notional_usd, ZERO
    for level in side.external:
        part = min(left, level.price * level.size)
        base += part / level.price
        left -= part
        if left == 0:
            break
    base += left / side.external[-1].price
    return (notional_usd / base).quantize(ENTRY_STEP)


def levels(side: Side, count: int) -> tuple[BookLevel, ...]:
    """The best `count` levels, external and resting merged."""
    if not side.resting:
        return tuple(BookLevel(price=lv.price, size=lv.size, orders=1) for lv in side.external[:count])
    merged: dict[Decimal, tuple[Decimal, int]] = {}
    for price, size in _all_sizes(side):
        total, orders = merged.get(price, (ZERO, 0))
        merged[price] = (total + size, orders + 1)
    best = sorted(merged, reverse=side.is_bid)[:count]
    return tuple(BookLevel(price=p, size=merged[p][0], orders=merged[p][1]) for p in best)


def _all_sizes(side: Side) -> Iterator[tuple[Decimal, Decimal]]:
    for level in side.external:
        yield level.price, level.size
    for order in side.resting:
        yield order.limit, order.remaining
