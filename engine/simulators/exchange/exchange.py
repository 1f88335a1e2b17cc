"""The simulated exchange: one venue, many accounts, no clock. The surface the venue faces write against."""

from collections import deque
from decimal import Decimal

from engine.simulators.exchange import (
    accounts,
    adl,
    copying,
    crowd as strangers,
    funding,
    levers,
    liquidation,
    margin,
    matching,
    placing,
    queries,
    world,
)
from engine.simulators.exchange.events import CancelRejected, Events, FundingPaid, FundingSettled, OrderFilled
from engine.simulators.exchange.instrument import FeeSchedule, InstrumentSpec
from engine.simulators.exchange.order import NewOrder
from engine.simulators.exchange.rules import CrowdSpec, ExchangeRules
from engine.simulators.exchange.state import (
    BACKSTOP,
    EXTERNAL,
    FEES,
    Account,
    AccountKind,
    IocCap,
    Listing,
    State,
    open_account,
)
from engine.simulators.exchange.terms import DoneReason, MarketMode
from engine.simulators.exchange.views import (
    AccountView,
    BookView,
    FundingView,
    LedgerView,
    MarketView,
    OrderView,
    PositionView,
)
from engine.simulators.market.point import MarketPoint


class Exchange:
    """State of one venue. Every call that can change something returns the events it caused, in order.

    Time is the caller's: `now_ns` never decreases from call to call (a smaller one is taken as the last
    seen). Drive it as: `set_point` for every asset whenever the market moved, then `settle_funding`, then
    `expire`.
    """

    def __init__(
        self,
        *,
        rules: ExchangeRules,
        instruments: tuple[InstrumentSpec, ...],
        fees: FeeSchedule,
        seed: int = 0,
        crowd: CrowdSpec | None = None,
    ) -> None:
        listings = {spec.asset: Listing(spec=spec, settled=deque(maxlen=rules.history_limit)) for spec in instruments}
        self._state = State(
            rules=rules,
            fees=fees,
            seed=seed,
            crowd=CrowdSpec() if crowd is None else crowd,
            listings=listings,
        )
        for house in (EXTERNAL, BACKSTOP, FEES):
            open_account(self._state, house, AccountKind.HOUSE)

    def copy(self) -> "Exchange":
        """An exchange of the same state that goes its own way from here: for trying what a call would do."""
        twin = Exchange.__new__(Exchange)
        twin._state = copying.copied(self._state)
        return twin

    def _at(self, now_ns: int) -> State:
        """The state, with its time brought forward."""
        self._state.now_ns = max(self._state.now_ns, now_ns)
        return self._state

    def _held(self, account: str, asset: str) -> tuple[Account, Listing]:
        """Account and market of a lever; raises KeyError for an unknown one (a mistake in a scenario)."""
        return self._state.accounts[account], self._state.listings[asset]

    # accounts

    def open_account(self, account: str, deposit_usd: Decimal) -> None:
        """Open an account, or add a deposit to an open one."""
        accounts.deposit(self._state, account, deposit_usd)

    def has_account(self, account: str) -> bool:
        return account in self._state.accounts

    def set_leverage(self, account: str, asset: str, leverage: int) -> Events:
        """One LeverageSet or LeverageRejected."""
        return (accounts.set_leverage(self._state, account, asset, leverage),)

    def leverage(self, account: str, asset: str) -> int:
        """Leverage in force: what was set, else the rules' default."""
        return margin.leverage(self._state, self._state.accounts[account], asset)

    # orders

    def place(self, now_ns: int, account: str, order: NewOrder) -> Events:
        """OrderRejected; or OrderAccepted, then its fills, then OrderDone unless it rests.

        Resting orders of other accounts that it hits report their own fills in the same tuple; a resting
        order of the same account is cancelled instead (OrderDone self_trade).
        """
        return tuple(placing.place(self._at(now_ns), account, order))

    def cancel(self, now_ns: int, account: str, order_id: int) -> Events:
        """OrderDone(canceled) or CancelRejected."""
        return tuple(placing.cancel(self._at(now_ns), account, order_id, None))

    def cancel_by_client_id(self, now_ns: int, account: str, client_order_id: str) -> Events:
        known = self._state.accounts.get(account)
        order_id = None if known is None else known.by_client_id.get(client_order_id)
        return tuple(placing.cancel(self._at(now_ns), account, order_id, client_order_id))

    def cancel_all(
        self, now_ns: int, account: str, asset: str | None = None, *, keep_reduce_only: bool = False
    ) -> Events:
        """OrderDone(canceled) for every open order of the account (of one asset, if named)."""
        state, known = self._at(now_ns), self._state.accounts.get(account)
        if known is None:
            return ()
        return tuple(placing.cancel_where(state, known, DoneReason.CANCELED, asset, keep_reduce_only))

    def replace(self, now_ns: int, account: str, order_id: int, order: NewOrder) -> Events:
        """Cancel and place under a new order id. When there is nothing to cancel: CancelRejected alone."""
        canceled = self.cancel(now_ns, account, order_id)
        if isinstance(canceled[0], CancelRejected):
            return canceled
        return canceled + self.place(now_ns, account, order)

    # the world moves

    def set_point(self, now_ns: int, point: MarketPoint) -> Events:
        """Replace one asset's external book: fills crossed and queued orders, moves the mark, liquidates."""
        state, listing = self._at(now_ns), self._state.listings[point.asset]
        listing.silent = False
        before, mark = listing.point, listing.mark
        events = placing.expire(state)
        world.absorb(state, listing, point)
        if before is None:
            strangers.gather(state, listing)
        if listing.mode is not MarketMode.HALTED:
            events += matching.fill_crossed(state, listing)
            events += matching.fill_by_flow(state, listing, point.at_ns - (before or point).at_ns)
            if events or listing.mark != mark or listing.liquidating:
                events += liquidation.check(state, point.asset)
        return tuple(events)

    def settle_funding(self, now_ns: int) -> Events:
        """Settle every whole UTC hour since the last settlement: FundingSettled and FundingPaid.

        Nothing happens when the last whole hour is settled already. Call it after `set_point`s at or after
        the hour: a recorded market's settled rate comes with those.
        """
        state = self._at(now_ns)
        events = funding.settle(state)
        if not events:
            return ()
        events += liquidation.check_all(state)
        for listing in state.listings.values():
            if listing.point is not None:
                strangers.gather(state, listing)
        return tuple(events)

    def expire(self, now_ns: int) -> Events:
        """End resting orders whose `expires_at_ns` has come."""
        return tuple(placing.expire(self._at(now_ns)))

    # levers for scenarios

    def deleverage(self, now_ns: int, account: str, asset: str, size: Decimal | None = None) -> Events:
        """Auto-deleverage up to `size` (None = all) of the account's position, at mark, fee 0."""
        state, (holder, listing) = self._at(now_ns), self._held(account, asset)
        return tuple(levers.deleverage(state, listing, holder, size))

    def liquidate(self, now_ns: int, account: str, asset: str, size: Decimal | None = None) -> Events:
        """Liquidate up to `size` (None = all) of the position: the book first, the rest at mark."""
        state, (holder, listing) = self._at(now_ns), self._held(account, asset)
        return tuple(levers.liquidate(state, listing, holder, size))

    def set_position(self, now_ns: int, account: str, asset: str, size: Decimal) -> Events:
        """Trade to the signed `size` at mark, by nobody's order (FillCause.MANUAL, fee 0)."""
        state, (holder, listing) = self._at(now_ns), self._held(account, asset)
        return tuple(levers.set_position(state, listing, holder, size))

    def halt(self, now_ns: int, asset: str) -> Events:
        """No new orders, no matching, no liquidations, a book that stands still; cancels still work."""
        return self._set_mode(now_ns, asset, MarketMode.HALTED)

    def reduce_only_mode(self, now_ns: int, asset: str) -> Events:
        """Only reduce-only orders; resting others are cancelled (market_mode_canceled)."""
        return self._set_mode(now_ns, asset, MarketMode.REDUCE_ONLY)

    def reopen(self, now_ns: int, asset: str) -> Events:
        return self._set_mode(now_ns, asset, MarketMode.OPEN)

    def _set_mode(self, now_ns: int, asset: str, mode: MarketMode) -> Events:
        state = self._at(now_ns)
        return tuple(levers.set_mode(state, state.listings[asset], mode))

    def silence(self, asset: str) -> None:
        """Nothing is known of this market until its next point: no hour settles funding meanwhile."""
        self._state.listings[asset].silent = True

    def force_funding_rate(self, asset: str, rate: Decimal | None) -> None:
        """Settle the coming hour at this signed fraction per hour, once; None takes it back."""
        self._state.listings[asset].forced_rate = rate

    def cap_next_ioc(self, fraction: Decimal, account: str | None = None, asset: str | None = None) -> None:
        """The next IOC (of that account and asset, if named) fills at most `fraction` of its size, floored to
        the lot; when that is 0 it is refused with ioc_no_liquidity."""
        self._state.ioc_caps.append(IocCap(fraction=fraction, account=account, asset=asset))

    # questions

    @property
    def venue(self) -> str:
        """Whose rules it keeps."""
        return self._state.rules.venue

    def instrument(self, asset: str) -> InstrumentSpec | None:
        listing = self._state.listings.get(asset)
        return None if listing is None else listing.spec

    @property
    def instruments(self) -> tuple[InstrumentSpec, ...]:
        """As listed, in the order given."""
        return tuple(listing.spec for listing in self._state.listings.values())

    @property
    def fees(self) -> FeeSchedule:
        return self._state.fees

    def account_view(self, account: str) -> AccountView | None:
        known = self._state.accounts.get(account)
        return None if known is None else queries.account_view(self._state, known)

    def holds(self, account: str) -> bool:
        """Whether the account has an open position."""
        known = self._state.accounts.get(account)
        return known is not None and bool(known.positions)

    def position(self, account: str, asset: str) -> PositionView | None:
        """None when flat."""
        known = self._state.accounts.get(account)
        held = known is not None and asset in known.positions
        return queries.position_view(self._state, known, asset) if known is not None and held else None

    def open_orders(self, account: str, asset: str | None = None) -> tuple[OrderView, ...]:
        """Oldest first."""
        known = self._state.accounts.get(account)
        orders = () if known is None else known.open_orders.values()
        return tuple(queries.order_view(o) for o in orders if asset in (None, o.asset))

    def order(self, account: str, order_id: int) -> OrderView | None:
        """None = never heard of (or forgotten)."""
        known = self._state.accounts.get(account)
        found = None if known is None else known.orders.get(order_id)
        return None if found is None else queries.order_view(found)

    def order_by_client_id(self, account: str, client_order_id: str) -> OrderView | None:
        known = self._state.accounts.get(account)
        order_id = None if known is None else known.by_client_id.get(client_order_id)
        return None if order_id is None else self.order(account, order_id)

    def orders_since(self, account: str, since_ns: int) -> tuple[OrderView, ...]:
        """Every order updated at or after `since_ns`, oldest order id first."""
        known = self._state.accounts.get(account)
        orders = () if known is None else known.orders.values()
        return tuple(queries.order_view(o) for o in orders if o.updated_at_ns >= since_ns)

    def fills_since(self, account: str, since_ns: int) -> tuple[OrderFilled, ...]:
        """Oldest first."""
        known = self._state.accounts.get(account)
        return () if known is None else tuple(fill for fill in known.fills if fill.at_ns >= since_ns)

    def funding_paid_since(self, account: str, since_ns: int) -> tuple[FundingPaid, ...]:
        known = self._state.accounts.get(account)
        return () if known is None else tuple(paid for paid in known.payments if paid.at_ns >= since_ns)

    def funding_settled_since(self, asset: str, since_ns: int) -> tuple[FundingSettled, ...]:
        listing = self._state.listings.get(asset)
        return () if listing is None else tuple(row for row in listing.settled if row.hour_ns >= since_ns)

    def book(self, asset: str, levels: int = 20) -> BookView:
        return queries.book_view(self._state.listings[asset], levels)

    def market(self, asset: str) -> MarketView | None:
        """None before the asset's first point."""
        return queries.market_view(self._state.listings[asset])

    def funding_view(self, asset: str) -> FundingView | None:
        """None before the asset's first point."""
        return queries.funding_view(self._state, self._state.listings[asset])

    def adl_rank(self, account: str, asset: str) -> Decimal | None:
        """Quantile 0..1 of the account among the profitable accounts of its side.

        1 = first to be deleveraged; 0 when it is not profitable; None when flat.
        """
        holder, listing = self._held(account, asset)
        return adl.rank(self._state, listing, holder)

    def ledger(self) -> LedgerView:
        return queries.ledger_view(self._state)
