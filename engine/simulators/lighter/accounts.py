"""GET requests about accounts: some are public (`account`, `apikeys`, `nextNonce`), the rest need a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.simulators.exchange import Exchange
from engine.simulators.lighter.credentials import Credentials
from engine.simulators.lighter.holdings import Holdings
from engine.simulators.lighter.notices import liquidation_row
from engine.simulators.lighter.orders import Orders, order_row
from engine.simulators.lighter.queries import Query, number_of, page
from engine.simulators.lighter.refusals import INVALID_PARAM, Refused, success
from engine.simulators.lighter.sequencer import Sequencer
from engine.simulators.lighter.trades import Trades, fee_ticks
from engine.simulators.lighter.verdicts import transaction_row
from engine.simulators.lighter.words import NS_PER_S, Row, us, usd
from engine.venues.lighter.wire import API_KEY_INDEX_ALL, NIL_MARKET_INDEX, ErrorCode
from engine.venues.transport import HttpResponse

ACTIVE = 1


class Accounts:
    """The answers, by the last part of the path; `private` ones are asked with a token that has been checked."""

    def __init__(
        self,
        exchange: Exchange,
        credentials: Credentials,
        orders: Orders,
        trades: Trades,
        holdings: Holdings,
        sequencer: Sequencer,
        tier: str,
    ) -> None:
        self._exchange, self._credentials, self._orders = exchange, credentials, orders
        self._trades, self._holdings, self._sequencer, self._tier = trades, holdings, sequencer, tier
        self.public: Mapping[str, Callable[[int, Query], HttpResponse]] = {
            "account": self._account,
            "accountsByL1Address": self._by_address,
            "apikeys": self._keys,
            "nextNonce": self._next_nonce,
            "tx": self._transaction,
        }
        self.private: Mapping[str, Callable[[int, Query], HttpResponse]] = {
            "accountActiveOrders": self._active,
            "accountInactiveOrders": self._inactive,
            "positionFunding": self._payments,
            "trades": self._own_trades,
            "liquidations": self._liquidations,
            "accountLimits": self._limits,
        }

    # public

    def _account(self, now_ns: int, query: Query) -> HttpResponse:
        by, value = query.get("by"), query.get("value", "")
        if by == "index" and value.isdecimal():
            found = [int(value)] if int(value) in self._credentials.accounts else []
        elif by == "l1_address":
            found = self._at_address(value)
        else:
            raise Refused(INVALID_PARAM, " : by")
        if not found:
            raise Refused(21100)
        rows = [self._detailed(now_ns, index) for index in found]
        return success(total=len(rows), accounts=rows, next_cursor="")

    def _at_address(self, address: str) -> list[int]:
        accounts = self._credentials.accounts.items()
        return [index for index, account in accounts if account.l1_address.lower() == address.lower()]

    def _by_address(self, now_ns: int, query: Query) -> HttpResponse:
        address = query.get("l1_address", "")
        found = self._at_address(address)
        if not found:
            raise Refused(21100)
        return success(l1_address=address, sub_accounts=[self._head(now_ns, index) for index in found])

    def _head(self, now_ns: int, index: int) -> Row:
        view = self._holdings.view(index)
        return {
            "code": 0,
            "account_type": 0,
            "account_trading_mode": 0,
            "index": index,
            "l1_address": self._credentials.accounts[index].l1_address,
            "cancel_all_time": self._sequencer.cancel_all_time(index),
            "total_order_count": len(self._orders.open_of(index)),
            "total_isolated_order_count": 0,
            "pending_order_count": 0,
            "available_balance": usd(view.available_usd),
            "status": ACTIVE,
            "collateral": usd(view.balance_usd),
            "transaction_time": us(now_ns),
        }

    def _detailed(self, now_ns: int, index: int) -> Row:
        view = self._holdings.view(index)
        return {
            **self._head(now_ns, index),
            "account_index": index,
            **_PROFILE,
            "positions": list(self._holdings.positions(index).values()),
            "assets": list(self._holdings.assets(index).values()),
            "total_asset_value": usd(view.equity_usd),
            "cross_asset_value": usd(view.equity_usd),
            "cross_initial_margin_requirement": usd(view.used_usd + view.order_margin_usd),
            "cross_maintenance_margin_requirement": usd(view.maintenance_usd),
        }

    def _keys(self, _now_ns: int, query: Query) -> HttpResponse:
        index, wanted = number_of(query, "account_index"), number_of(query, "api_key_index", API_KEY_INDEX_ALL)
        keys = self._credentials.account(index).keys
        rows: list[Row] = [
            {
                "account_index": index,
                "api_key_index": key,
                "nonce": self._credentials.next_nonce(index, key),
                "public_key": public.removeprefix("0x"),
                "transaction_time": 0,
            }
            for key, public in keys.items()
            if wanted in (key, API_KEY_INDEX_ALL)
        ]
        if not rows:
            raise Refused(ErrorCode.API_KEY_NOT_FOUND)
        return success(api_keys=rows)

    def _next_nonce(self, _now_ns: int, query: Query) -> HttpResponse:
        """Counts what was accepted, executed or not."""
        index, key = number_of(query, "account_index"), number_of(query, "api_key_index")
        return success(nonce=self._credentials.next_nonce(index, key))

    def _transaction(self, _now_ns: int, query: Query) -> HttpResponse:
        by = query.get("by", "")
        if by not in ("hash", "sequence_index"):
            raise Refused(INVALID_PARAM, " : by")
        found = self._sequencer.find(by, query.get("value", ""))
        if found is None:
            raise Refused(ErrorCode.TX_NOT_FOUND)
        address = self._credentials.accounts[found.asked.account_index].l1_address
        return success(**transaction_row(found, address), committed_at=0, verified_at=0)

    # private

    def _active(self, _now_ns: int, query: Query) -> HttpResponse:
        account, market = _account_market(query)
        return success(orders=[order_row(record) for record in self._orders.open_of(account, market)])

    def _inactive(self, _now_ns: int, query: Query) -> HttpResponse:
        """The last changed first."""
        account, market = _account_market(query)
        rows, more = page([order_row(record) for record in self._orders.closed_of(account, market)], query)
        return success(orders=rows, **more)

    def _payments(self, _now_ns: int, query: Query) -> HttpResponse:
        account, market = _account_market(query)
        side = query.get("side", "all")
        paid = self._exchange.funding_paid_since(str(account), 0)
        rows = [self._holdings.payment(each) for each in reversed(paid)]
        wanted = [row for row in rows if market in (None, row["market_id"]) and side in ("all", row["position_side"])]
        begin, end = number_of(query, "start_timestamp", 0), number_of(query, "end_timestamp", 2**62)
        timely = [row for row in wanted if begin <= int(str(row["timestamp"])) <= end]
        rows, more = page(timely, query)
        return success(position_fundings=rows, **more)

    def _own_trades(self, _now_ns: int, query: Query) -> HttpResponse:
        if query.get("sort_by") not in ("block_height", "timestamp", "trade_id"):
            raise Refused(INVALID_PARAM, " : sort_by")
        account, market = _account_market(query)
        order, kind = number_of(query, "order_index", 0), query.get("type", "all")
        since_ms = number_of(query, "from", -1)
        rows = [
            trade.row
            for trade in self._trades.of_account(str(account))
            if market in (None, trade.listing.market_id)
            and kind in ("all", trade.kind)
            and order in (0, trade.row["ask_id"], trade.row["bid_id"])
            and int(str(trade.row["timestamp"])) >= since_ms
        ]
        rows, more = page(rows, query)
        return success(trades=rows, **more)

    def _liquidations(self, _now_ns: int, query: Query) -> HttpResponse:
        account, market = _account_market(query)
        trades = [trade for trade in self._trades.of_account(str(account)) if market in (None, trade.listing.market_id)]
        found = (liquidation_row(str(account), trade) for trade in trades)
        rows, more = page([row for row in found if row is not None], query)
        return success(liquidations=rows, **more)

    def _limits(self, now_ns: int, _query: Query) -> HttpResponse:
        fees = self._exchange.fees
        return success(
            max_llp_percentage=25,
            user_tier="std" if self._tier == "standard" else self._tier,
            can_create_public_pool=False,
            max_llp_amount="0",
            current_maker_fee_tick=fee_ticks(fees.maker),
            current_taker_fee_tick=fee_ticks(fees.taker),
            effective_lit_stakes="0",
            leased_lit="0",
            user_tier_name=self._tier,
            user_tier_last_update=now_ns // NS_PER_S - 86_400 * 30,
            bo_user_tier_name="standard",
            bo_fee_rate=1.0,
        )


_PROFILE: Row = {
    "name": "",
    "description": "",
    "can_invite": False,
    "referral_points_percentage": "",
    "pool_info": {
        "status": 0,
        "operator_fee": "0",
        "min_operator_share_rate": "0",
        "total_shares": 0,
        "operator_shares": 0,
        "annual_percentage_yield": 0.0,
        "daily_returns": [],
        "share_prices": [],
        "sharpe_ratio": 0.0,
        "strategies": [],
    },
    "shares": [],
    "created_at": 0,
    "pending_unlocks": [],
    "approved_integrators": [],
    "can_rfq": False,
    "can_rfq_market_ids": [],
    "metadata": {"color": ""},
    "agent_enabled": False,
}
"""Fields that have nothing to do with trading."""


def _account_market(query: Query) -> tuple[int, int | None]:
    market = number_of(query, "market_id", NIL_MARKET_INDEX)
    return number_of(query, "account_index"), None if market == NIL_MARKET_INDEX else market
