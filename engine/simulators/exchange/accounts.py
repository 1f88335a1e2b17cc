"""Deposits and leverage."""

from decimal import Decimal

from engine.simulators.exchange import margin
from engine.simulators.exchange.events import Event, LeverageRejected, LeverageSet
from engine.simulators.exchange.state import Account, AccountKind, Listing, State, open_account
from engine.simulators.exchange.terms import LeverageRejectReason


def deposit(state: State, name: str, amount_usd: Decimal) -> None:
    """Open the account if need be and add the money. Names with a colon belong to the exchange itself."""
    if name.startswith(("house:", "crowd:")) or not name:
        raise ValueError(f"account name {name!r} is reserved")
    open_account(state, name, AccountKind.USER).cash += amount_usd
    state.deposits_usd += amount_usd


def set_leverage(state: State, name: str, asset: str, leverage: int) -> Event:
    account, listing = state.accounts.get(name), state.listings.get(asset)
    reason = _leverage_refusal(state, account, listing, leverage)
    if reason is not None:
        most = None if listing is None else listing.spec.max_leverage
        return LeverageRejected(account=name, asset=asset, leverage=leverage, reason=reason, max_leverage=most)
    assert account is not None
    account.leverage[asset] = leverage
    return LeverageSet(account=name, asset=asset, leverage=leverage)


def _leverage_refusal(
    state: State, account: Account | None, listing: Listing | None, leverage: int
) -> LeverageRejectReason | None:
    if account is None:
        return LeverageRejectReason.UNKNOWN_ACCOUNT
    if listing is None:
        return LeverageRejectReason.UNKNOWN_ASSET
    if leverage < 1:
        return LeverageRejectReason.BELOW_ONE
    if leverage > listing.spec.max_leverage:
        return LeverageRejectReason.ABOVE_MAX
    return _lowering_refusal(state, account, listing, leverage)


def _lowering_refusal(state: State, account: Account, listing: Listing, leverage: int) -> LeverageRejectReason | None:
    """Lower leverage ties up more margin: all venues want it there, some forbid it with a position open."""
    asset = listing.spec.asset
    before = margin.leverage(state, account, asset)
    if leverage >= before:
        return None
    if account.size(asset) != 0 and not state.rules.leverage_can_be_lowered:
        return LeverageRejectReason.LOWERING_WITH_POSITION
    needed = margin.required(state, account, leverage_of={asset: leverage})
    more = needed > max(margin.required(state, account), margin.equity(state, account))
    return LeverageRejectReason.MARGIN if more else None
