"""Forced closures as the account is told of them: notifications, and the rows of GET liquidations."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.simulators.exchange import FillCause, OrderFilled
from engine.simulators.lighter.trades import OUTSIDE, Trade
from engine.simulators.lighter.words import NS_PER_S, Row, ms, price_text, size_text, us, usd

PARTIAL = (FillCause.LIQUIDATION, FillCause.BACKSTOP)
DELEVERAGED = (FillCause.ADL, FillCause.BANKRUPTCY)


def forced_fill(account: str, trade: Trade) -> OrderFilled | None:
    """The account's own side of a trade, if it was forced on it."""
    forced = (fill for fill in trade.fills if fill.account == account and fill.cause in (*PARTIAL, *DELEVERAGED))
    return next(forced, None)


def notice(account_index: int, trade: Trade) -> Row | None:
    """The notification of a forced closure (apidocs "WebSocket reference", 2026-07); None for any other trade."""
    fill = forced_fill(str(account_index), trade)
    if fill is None:
        return None
    kind = "liquidation" if fill.cause in PARTIAL else "deleverage"
    at, number = _iso(fill.at_ns), f"notif_{trade.row['trade_id']}"
    return {
        "id": number,
        "created_at": at,
        "updated_at": at,
        "kind": kind,
        "account_index": account_index,
        "content": _content(number, kind, fill, trade),
        "ack": False,
        "acked_at": None,
    }


def _content(number: str, kind: str, fill: OrderFilled, trade: Trade) -> Row:
    price, common = price_text(trade.listing, fill.price), _common(number, fill, trade)
    if kind == "deleverage":
        return {**common, "settlement_price": price}
    return {**common, "is_ask": not fill.is_buy, "price": price, "avg_price": price}


def _common(number: str, fill: OrderFilled, trade: Trade) -> Row:
    return {
        "id": number,
        "usdc_amount": usd(fill.size * fill.price),
        "size": size_text(trade.listing, fill.size),
        "market_index": trade.listing.market_id,
        "timestamp": ms(fill.at_ns),
    }


def liquidation_row(account: str, trade: Trade) -> Row | None:
    """One row of GET liquidations; None for a trade that was not forced on the account.

    The risk figures before and after are not simulated: all zero.
    """
    fill = forced_fill(account, trade)
    if fill is None:
        return None
    risk = {"cross_risk_parameters": _NO_RISK, "isolated_risk_parameters": []}
    return {
        "id": trade.row["trade_id"],
        "market_id": trade.listing.market_id,
        "type": "partial" if fill.cause in PARTIAL else "deleverage",
        "trade": _trade(fill, trade),
        "info": {
            "positions": [],
            "risk_info_before": risk,
            "risk_info_after": risk,
            "mark_prices": {str(trade.listing.market_id): float(fill.mark_price * trade.listing.multiplier)},
            "assets": [],
            "asset_index_prices": {},
        },
        "executed_at": ms(fill.at_ns),
    }


def _trade(fill: OrderFilled, trade: Trade) -> Row:
    return {
        "price": price_text(trade.listing, fill.price),
        "size": size_text(trade.listing, fill.size),
        "taker_fee": usd(fill.fee_usd if fill.is_taker else fill.fee_usd * 0),
        "maker_fee": usd(fill.fee_usd * 0),
        "transaction_time": us(fill.at_ns),
        "bid_account_id": trade.row.get("bid_account_id", OUTSIDE),
        "ask_account_id": trade.row.get("ask_account_id", OUTSIDE),
    }


_NO_RISK: Row = {
    "market_id": 255,
    "collateral": "0",
    "total_account_value": "0",
    "initial_margin_req": "0",
    "maintenance_margin_req": "0",
    "close_out_margin_req": "0",
    "total_account_liquidation_threshold": "0",
    "usdc_collateral_with_funding": "0",
    "usdc_portfolio_value": "0",
    "total_portfolio_value": "0",
}


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
