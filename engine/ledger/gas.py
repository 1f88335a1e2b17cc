"""Gas: what a venue's chain takes for each transaction, where orders are some. Assumed, and from another purse.

No venue tells it: it is paid from a wallet in the chain's own token, and the policy's figure (`costs.gas_usd`) stands
for it in every entry, marked as assumed. So it is a cost of the ledger, and no change of a venue's account. A
transaction is an order, a cancel, or a settlement that left; whether one that failed was charged is not known, and
counted. Used by `fold`.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.commands import AnyCommand, CancelAll, CancelOrder, SettlePnl, SubmitOrder
from actors.policy import CostsPolicy
from engine.ledger.entry import Entry, Kind
from engine.ledger.shadow import Recorded

ASSUMED = "assumed: costs.gas_usd"
"""The reference of every such entry."""


def gas(record: Recorded, pair: str, costs: CostsPolicy) -> Iterator[Entry]:
    """An entry for each transaction that left by this record; `pair` is whose it is."""
    for command in record.commands:
        if not isinstance(command, SubmitOrder | CancelOrder | CancelAll | SettlePnl):
            continue
        usd = costs.gas_usd.get(command.venue)
        if usd:
            yield Entry(
                at_ns=record.envelope.at_ns,
                seq=record.envelope.seq,
                pair=pair,
                venue=command.venue,
                asset=command.asset,
                kind=Kind.GAS,
                amount_usd=-usd,
                order_id=_order_id(command),
                reference=ASSUMED,
            )


def _order_id(command: AnyCommand) -> str:
    return command.order_id if isinstance(command, SubmitOrder | CancelOrder) else ""
