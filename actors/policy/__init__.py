"""Every number a decision depends on, with its unit in its name. The run's policy stands in the journal's header.

Configuration files fill these structs; a field that is not here does not exist.
"""

from __future__ import annotations

from actors.policy.choosing import (
    CollateralPolicy,
    CostsPolicy,
    ForecastPolicy,
    PricesPolicy,
    ScannerPolicy,
    SizingPolicy,
)
from actors.policy.gates import EndurancePolicy, GatesPolicy
from actors.policy.part import PolicyPart
from actors.policy.risk import AdlPolicy, AutoClosePolicy, RiskPolicy
from actors.policy.running import CorePolicy, LifecyclePolicy, LinkPolicy, ReconcilePolicy, SettlementPolicy
from actors.policy.trading import EntryPolicy, ExitPolicy, OrderPolicy, ReliabilityPolicy, VerifyPolicy

__all__ = [
    "AdlPolicy",
    "AutoClosePolicy",
    "CollateralPolicy",
    "CorePolicy",
    "CostsPolicy",
    "EndurancePolicy",
    "EntryPolicy",
    "ExitPolicy",
    "ForecastPolicy",
    "GatesPolicy",
    "LifecyclePolicy",
    "LinkPolicy",
    "OrderPolicy",
    "Policy",
    "PolicyPart",
    "PricesPolicy",
    "ReconcilePolicy",
    "ReliabilityPolicy",
    "RiskPolicy",
    "ScannerPolicy",
    "SettlementPolicy",
    "SizingPolicy",
    "VerifyPolicy",
]


class Policy(PolicyPart, frozen=True, kw_only=True):
    """The whole policy of a run. `order_namespace` keeps client order ids of different runs apart."""

    order_namespace: str = "paper"
    entry: EntryPolicy = EntryPolicy()
    order: OrderPolicy = OrderPolicy()
    verify: VerifyPolicy = VerifyPolicy()
    exit: ExitPolicy = ExitPolicy()
    reliability: ReliabilityPolicy = ReliabilityPolicy()
    adl: AdlPolicy = AdlPolicy()
    core: CorePolicy = CorePolicy()
    risk: RiskPolicy = RiskPolicy()
    auto_close: AutoClosePolicy = AutoClosePolicy()
    scanner: ScannerPolicy = ScannerPolicy()
    prices: PricesPolicy = PricesPolicy()
    forecast: ForecastPolicy = ForecastPolicy()
    costs: CostsPolicy = CostsPolicy()
    gates: GatesPolicy = GatesPolicy()
    endurance: EndurancePolicy = EndurancePolicy()
    sizing: SizingPolicy = SizingPolicy()
    collateral: CollateralPolicy = CollateralPolicy()
    lifecycle: LifecyclePolicy = LifecyclePolicy()
    link: LinkPolicy = LinkPolicy()
    settlement: SettlementPolicy = SettlementPolicy()
    reconcile: ReconcilePolicy = ReconcilePolicy()
