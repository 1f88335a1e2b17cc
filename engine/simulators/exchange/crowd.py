"""Synthetic counter-accounts: leveraged strangers whose liquidations cascade into other people's ADL.

Every figure is drawn from (seed, asset, index, generation) by a hash, so an added asset changes no other's
crowd.
"""

from decimal import Decimal
from hashlib import blake2b

from engine.simulators.exchange.ledger import USD_STEP, Party, trade
from engine.simulators.exchange.state import (
    EXTERNAL,
    ZERO,
    Account,
    AccountKind,
    Listing,
    State,
    open_account,
)
from engine.simulators.exchange.terms import FillCause


def gather(state: State, listing: Listing) -> None:
    """Open the crowd of one asset, or give new positions to those of it who lost theirs."""
    for index in range(state.crowd.accounts_per_asset):
        account = open_account(state, f"crowd:{listing.spec.asset}:{index}", AccountKind.CROWD)
        if not account.positions:
            _enter(state, listing, account, index)


def _enter(state: State, listing: Listing, account: Account, index: int) -> None:
    """Deposit the margin and trade at mark with the external account. Even indices buy, odd ones sell."""
    spec, asset, draw = state.crowd, listing.spec.asset, f"{state.seed}|{listing.spec.asset}|{index}"
    choice = f"{draw}|{account.generation}"
    account.generation += 1
    levels = spec.leverage_max - spec.leverage_min + 1
    leverage = spec.leverage_min + int(_uniform(f"{choice}|leverage") * levels)
    span = spec.notional_usd_max - spec.notional_usd_min
    notional = spec.notional_usd_min + span * _uniform(f"{choice}|notional")
    size = listing.spec.floor_size(notional / listing.mark)
    if size > 0:
        account.leverage[asset] = min(leverage, listing.spec.max_leverage)
        _fund(state, account, (size * listing.mark / account.leverage[asset]).quantize(USD_STEP))
        stranger = Party(account=account, cause=FillCause.MANUAL)
        outside = Party(account=state.accounts[EXTERNAL])
        buyer, seller = (stranger, outside) if index % 2 == 0 else (outside, stranger)
        trade(state, listing, listing.mark, size, buyer, seller)


def _fund(state: State, account: Account, margin_usd: Decimal) -> None:
    deposit = max(ZERO, margin_usd - account.cash)
    account.cash += deposit
    state.deposits_usd += deposit


def _uniform(text: str) -> Decimal:
    """A number in [0, 1) that only `text` decides."""
    return Decimal(int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")) / 2**32
