"""What an account holds, as the venue tells it: positions, assets, margin figures, funding payments.

The venue keeps a row for every market an account ever touched; realised profit belongs to the position since it opened.
"""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import (
    AccountView,
    Exchange,
    FundingPaid,
    FundingSettled,
    OrderFilled,
    PositionView,
)
from engine.simulators.lighter.orders import Orders
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.words import NS_PER_S, ZERO, Row, percent, price_text, size_text, usd
from engine.venues.lighter.wire import MARGIN_FRACTION_SCALE

USDC_ID = 3
HUNDRED = Decimal(100)


class Holdings:
    """Figures per account; names of the exchange's accounts are account indices as text."""

    def __init__(self, exchange: Exchange, listings: dict[str, Listing], orders: Orders) -> None:
        self._exchange, self._listings, self._orders = exchange, listings, orders
        self._realised: dict[str, dict[str, Decimal]] = {}
        self._fractions: dict[tuple[int, str], int] = {}

    # what happened

    def traded(self, fill: OrderFilled) -> None:
        """A fill touched the market, and may have realised something."""
        mine = self._realised.setdefault(fill.account, {})
        opened = fill.position_before == 0 or fill.position_before * fill.position_after < 0
        mine[fill.asset] = (ZERO if opened else mine.get(fill.asset, ZERO)) + fill.closed_pnl_usd

    def margin_set(self, account_index: int, asset: str, fraction: int) -> None:
        """The account's initial margin fraction of a market was set; 10,000 is the whole notional."""
        self._fractions[account_index, asset] = fraction
        self._realised.setdefault(str(account_index), {}).setdefault(asset, ZERO)

    # rows

    def view(self, account_index: int) -> AccountView:
        """The exchange's view of an account that exists."""
        view = self._exchange.account_view(str(account_index))
        assert view is not None
        return view

    def positions(self, account_index: int) -> dict[str, Row]:
        """Every market ever touched, by market id."""
        view = self.view(account_index)
        held = {position.asset: position for position in view.positions}
        touched = {**dict.fromkeys(self._realised.get(str(account_index), ())), **dict.fromkeys(held)}
        found: dict[str, Row] = {}
        for asset in touched:
            listing = self._listings[asset]
            found[str(listing.market_id)] = self._position(account_index, listing, held.get(asset))
        return found

    def position(self, account_index: int, asset: str) -> Row:
        """One market's row."""
        held = self._exchange.position(str(account_index), asset)
        return self._position(account_index, self._listings[asset], held)

    def _position(self, account_index: int, listing: Listing, held: PositionView | None) -> Row:
        size = ZERO if held is None else held.size
        liquidation = None if held is None else held.liquidation_price
        realised = self._realised.get(str(account_index), {}).get(listing.asset, ZERO)
        return {
            "market_id": listing.market_id,
            "symbol": listing.symbol,
            "initial_margin_fraction": f"{self.fraction(account_index, listing) / HUNDRED:.2f}",
            "open_order_count": len(self._orders.open_of(account_index, listing.market_id)),
            "pending_order_count": 0,
            "position_tied_order_count": 0,
            "sign": -1 if size < 0 else 1,
            "position": size_text(listing, abs(size)),
            "avg_entry_price": price_text(listing, ZERO if held is None else held.entry_price),
            "position_value": usd(ZERO if held is None else held.notional_usd),
            "unrealized_pnl": usd(ZERO if held is None else held.unrealised_usd),
            "realized_pnl": usd(realised),
            "liquidation_price": "0" if liquidation is None else price_text(listing, liquidation),
            "total_funding_paid_out": usd(ZERO if held is None else -held.funding_since_open_usd),
            "margin_mode": 0,
            "allocated_margin": usd(ZERO),
            "total_discount": usd(ZERO),
            "margin_set_flag": int((account_index, listing.asset) in self._fractions),
        }

    def fraction(self, account_index: int, listing: Listing) -> int:
        """Initial margin fraction in force; 10,000 is the whole notional."""
        chosen = self._fractions.get((account_index, listing.asset))
        if chosen is not None:
            return chosen
        return MARGIN_FRACTION_SCALE // self._exchange.leverage(str(account_index), listing.asset)

    def assets(self, account_index: int) -> dict[str, Row]:
        """The only asset: USDC, all of it margin."""
        view = self.view(account_index)
        return {
            str(USDC_ID): {
                "symbol": "USDC",
                "asset_id": USDC_ID,
                "balance": usd(ZERO),
                "locked_balance": usd(ZERO),
                "margin_mode": "enabled",
                "margin_balance": usd(view.balance_usd),
                "multiplier": "1",
            }
        }

    def stats(self, account_index: int) -> Row:
        """The account as `user_stats` tells it, three times over: all of it is cross margin."""
        view = self.view(account_index)
        equity, used = view.equity_usd, view.used_usd + view.order_margin_usd
        figures: Row = {
            "collateral": usd(view.balance_usd),
            "portfolio_value": usd(equity),
            "leverage": f"{view.notional_usd / equity if equity > 0 else ZERO:.2f}",
            "available_balance": usd(view.available_usd),
            "margin_usage": f"{used / equity * 100 if equity > 0 else ZERO:.2f}",
            "buying_power": "0",
        }
        return {"account_trading_mode": 0, **figures, "cross_stats": figures, "total_stats": figures}

    def payment(self, paid: FundingPaid) -> Row:
        """One funding payment; `change` positive = received, `rate` signed percent per hour (both inferred)."""
        listing = self._listings[paid.asset]
        return {
            "timestamp": paid.hour_ns // NS_PER_S,
            "market_id": listing.market_id,
            "funding_id": paid.payment_id,
            "change": usd(paid.amount_usd),
            "discount": usd(ZERO),
            "rate": percent(paid.rate),
            "position_size": size_text(listing, abs(paid.size)),
            "position_side": "long" if paid.size > 0 else "short",
        }


def settlement(listing: Listing, settled: FundingSettled) -> Row:
    """One hour of GET fundings: percent per hour without sign, beside the side that pays; `value` is USD per base."""
    return {
        "timestamp": settled.hour_ns // NS_PER_S,
        "value": f"{abs(settled.rate) * settled.oracle_price * listing.multiplier:.8f}",
        "rate": percent(abs(settled.rate)),
        "direction": "short" if settled.rate < 0 else "long",
    }
