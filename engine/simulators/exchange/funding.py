"""Hourly funding: the rate from the hour's premium (or the recording), and the payments it makes.

Sources: Hyperliquid docs "Funding" (2025-11) and 494 settled rows; Pacifica docs "Funding" (2026).
"""

from decimal import Decimal

from engine.simulators.exchange.events import Event, FundingPaid, FundingSettled
from engine.simulators.exchange.ledger import USD_STEP, move_cash
from engine.simulators.exchange.rules import FundingRule
from engine.simulators.exchange.state import EXTERNAL, ZERO, Account, AccountKind, Listing, Position, State
from engine.simulators.exchange.terms import PriceBase, RateSource
from engine.simulators.exchange.world import HOUR_NS, average_premium, floor_hour, observe_until


def hourly_rate(rule: FundingRule, premium: Decimal) -> Decimal:
    """F8h = P + clamp(interest - P, -/+ clamp), paid as F8h / 8 each hour, within the cap."""
    pull = min(max(rule.interest_8h - premium, -rule.clamp_8h), rule.clamp_8h)
    rate = ((premium + pull) / rule.hours).quantize(rule.rate_step)
    return min(max(rate, -rule.cap_per_hour), rule.cap_per_hour)


def forming_rate(state: State, listing: Listing) -> Decimal:
    """The rate as it stands for the coming settlement: forced, else recorded, else computed so far."""
    if listing.forced_rate is not None:
        return listing.forced_rate
    if listing.point is not None and listing.point.forming_rate is not None:
        return listing.point.forming_rate
    return hourly_rate(state.rules.funding, average_premium(listing, next_hour(state)))


def next_hour(state: State) -> int:
    """The settlement that comes next: the first whole hour not settled yet."""
    settled = floor_hour(state.now_ns) if state.settled_hour_ns is None else state.settled_hour_ns
    return settled + HOUR_NS


def settle(state: State) -> list[Event]:
    """Settle every whole hour that has passed and is not settled."""
    events: list[Event] = []
    while state.settled_hour_ns is not None and next_hour(state) <= state.now_ns:
        hour_ns = next_hour(state)
        for listing in state.listings.values():
            if listing.point is not None and not listing.silent:
                events += _settle_listing(state, listing, hour_ns)
        state.settled_hour_ns = hour_ns
    return events


def _settle_listing(state: State, listing: Listing, hour_ns: int) -> list[Event]:
    observe_until(listing, state.now_ns)
    rate, source = _rate(state, listing, hour_ns)
    settled = FundingSettled(
        hour_ns=hour_ns,
        asset=listing.spec.asset,
        rate=rate,
        premium=average_premium(listing, hour_ns),
        oracle_price=listing.oracle,
        mark_price=listing.mark,
        impact_bid=listing.impact_bid,
        impact_ask=listing.impact_ask,
        source=source,
    )
    listing.settled.append(settled)
    listing.premium_by_hour.pop(hour_ns, None)
    listing.forced_rate = None
    return [settled, *_pay(state, listing, hour_ns, rate)]


def _rate(state: State, listing: Listing, hour_ns: int) -> tuple[Decimal, RateSource]:
    if listing.forced_rate is not None:
        return listing.forced_rate, RateSource.FORCED
    recorded = _recorded_rate(listing, hour_ns)
    if recorded is not None:
        return recorded, RateSource.RECORDED
    return hourly_rate(state.rules.funding, average_premium(listing, hour_ns)), RateSource.COMPUTED


def _recorded_rate(listing: Listing, hour_ns: int) -> Decimal | None:
    """The rate the recording paid at `hour_ns`; from a point of the hour before, its estimate; else none."""
    point = listing.point
    if point is None:
        return None
    if floor_hour(point.at_ns) == hour_ns:
        return point.settled_rate
    return point.forming_rate if floor_hour(point.at_ns) == hour_ns - HOUR_NS else None


def _pay(state: State, listing: Listing, hour_ns: int, rate: Decimal) -> list[Event]:
    """Every position pays or receives; the external account is the other side of the sum."""
    oracle_based = state.rules.funding.price_base is PriceBase.ORACLE
    price = listing.oracle if oracle_based else listing.mark
    events: list[Event] = []
    for account in state.accounts.values():
        position = account.positions.get(listing.spec.asset)
        if position is not None and account.name != EXTERNAL:
            amount = (-position.size * price * rate).quantize(USD_STEP)
            move_cash(state.accounts[EXTERNAL], account, amount)
            if account.kind is not AccountKind.HOUSE:
                events.append(_book(state, account, position, listing.spec.asset, hour_ns, price, rate, amount))
    return events


def _book(
    state: State,
    account: Account,
    position: Position,
    asset: str,
    hour_ns: int,
    price: Decimal,
    rate: Decimal,
    amount: Decimal,
) -> FundingPaid:
    position.funding_since_open += amount
    position.funding_since_change += amount
    account.funding_all_time[asset] = account.funding_all_time.get(asset, ZERO) + amount
    payment = FundingPaid(
        at_ns=state.now_ns,
        hour_ns=hour_ns,
        account=account.name,
        asset=asset,
        size=position.size,
        price=price,
        rate=rate,
        amount_usd=amount,
        payment_id=state.next_payment_id(),
    )
    account.payments.append(payment)
    return payment
