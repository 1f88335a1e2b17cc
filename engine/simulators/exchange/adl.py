"""Auto-deleveraging: who is profitable, in which order they are closed, and the closing.

Order: (mark / entry) x (notional / account value), highest first (Hyperliquid docs "Liquidations", 2025-11);
for shorts the first factor is inverted, which the docs do not state. Pacifica publishes no formula: the same
is used.
"""

from decimal import Decimal

from engine.simulators.exchange import margin, matching
from engine.simulators.exchange.events import Event
from engine.simulators.exchange.ledger import LiquidationNote, Party, entry_price, trade
from engine.simulators.exchange.state import BACKSTOP, ZERO, Account, AccountKind, Listing, State
from engine.simulators.exchange.terms import FillCause, LiquidationMethod


def queue(state: State, listing: Listing, is_long: bool) -> list[tuple[Decimal, Account]]:
    """Profitable accounts of one side with their scores, first to be deleveraged first."""
    scored = []
    for account in state.accounts.values():
        if account.kind is not AccountKind.HOUSE and (account.size(listing.spec.asset) > 0) is is_long:
            value = score(state, listing, account)
            if value is not None:
                scored.append((value, account))
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].name))


def score(state: State, listing: Listing, account: Account) -> Decimal | None:
    """The account's place in the queue; None when flat, without profit, or without equity."""
    position = account.positions.get(listing.spec.asset)
    if position is None or position.size * listing.mark <= position.cost:
        return None
    equity, entry = margin.equity(state, account), entry_price(position)
    if equity <= 0 or entry <= 0:
        return None
    gain = listing.mark / entry if position.size > 0 else entry / listing.mark
    return gain * (abs(position.size) * listing.mark) / equity


def rank(state: State, listing: Listing, account: Account) -> Decimal | None:
    """Quantile 0..1 among the profitable of its side, 1 = first; 0 without profit; None when flat."""
    size = account.size(listing.spec.asset)
    if size == 0:
        return None
    mine = score(state, listing, account)
    if mine is None:
        return ZERO
    scores = [value for value, _ in queue(state, listing, size > 0)]
    return Decimal(sum(value <= mine for value in scores)) / len(scores)


def close_bankrupt(state: State, listing: Listing, bankrupt: Account) -> list[Event]:
    """Close the bankrupt's position at mark against the queue; the backstop takes what is left."""
    held = bankrupt.size(listing.spec.asset)
    note = LiquidationNote(account=bankrupt.name, method=LiquidationMethod.ADL)
    left, events = abs(held), list[Event]()
    for _, account in queue(state, listing, held < 0):
        if left == 0:
            break
        size = min(left, abs(account.size(listing.spec.asset)))
        events += _close_pair(state, listing, bankrupt, account, held > 0, size, note)
        left -= size
    if left > 0:
        events += _close_pair(state, listing, bankrupt, state.accounts[BACKSTOP], held > 0, left, note)
    return events


def deleverage(state: State, listing: Listing, account: Account, size: Decimal) -> list[Event]:
    """Close `size` of one account's position at mark; the backstop stands in for the bankrupt."""
    note = LiquidationNote(account=BACKSTOP, method=LiquidationMethod.BACKSTOP)
    buys = account.size(listing.spec.asset) < 0
    return _close_pair(state, listing, state.accounts[BACKSTOP], account, buys, size, note)


def _close_pair(
    state: State,
    listing: Listing,
    bankrupt: Account,
    chosen: Account,
    chosen_buys: bool,
    size: Decimal,
    note: LiquidationNote,
) -> list[Event]:
    """One trade at mark, without fees, between the bankrupt and the account chosen from the queue."""
    gainer = Party(account=chosen, cause=FillCause.ADL)
    loser = Party(account=bankrupt, cause=FillCause.BANKRUPTCY)
    buyer, seller = (gainer, loser) if chosen_buys else (loser, gainer)
    events = list[Event](trade(state, listing, listing.mark, size, buyer, seller, note))
    return events + matching.prune_reduce_only(state, listing, chosen)
