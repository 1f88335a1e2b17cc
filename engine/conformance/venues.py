"""What the kit must know of each venue: how to tell its order requests, and what it has not."""

from __future__ import annotations

from collections.abc import Mapping

from actors.domain import Venue
from engine.conformance.meddler import OrderMark

ORDER_MARKS: Mapping[Venue, OrderMark] = {
    Venue.HYPERLIQUID: OrderMark(path="/exchange", contains='"type":"order"'),
    Venue.PACIFICA: OrderMark(path="*/orders/create"),
    Venue.LIGHTER: OrderMark(path="*/sendTx", contains="tx_type=14"),
    Venue.DRIFT: OrderMark(path="/rpc", contains='"sendTransaction"'),
}

HAS_ADL: Mapping[Venue, bool] = {
    Venue.HYPERLIQUID: True,
    Venue.PACIFICA: True,
    Venue.LIGHTER: True,
    Venue.DRIFT: False,
}
"""Drift socialises losses instead (program source, controller/liquidation.rs)."""
