"""What an order may be, and when a pair is reduced or closed unasked. Counterpart: `actors.risk`."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.policy.part import PolicyPart


class AdlPolicy(PolicyPart, frozen=True, kw_only=True):
    """What happens at which auto-deleveraging level (1..5)."""

    watch_s: float = 30.0
    reduce_level: int = 4
    exit_level: int = 5
    reduce_fraction: Decimal = Decimal("0.5")
    level_scores: tuple[Decimal, ...] = (Decimal(1), Decimal(2), Decimal(4), Decimal(8))
    """Scores (place in the queue times stress) at which the estimated level becomes 2, 3, 4 and 5."""
    stress_window_s: float = 3600.0
    """Stress is what happened within this time; at most an hour is remembered."""
    interest_drop_step: Decimal = Decimal("0.1")
    """A fall of open interest by this fraction counts as much as a move by one maintenance fraction."""
    deleveraged_stress: Decimal = Decimal(5)
    """Stress of every market of a venue that has deleveraged a leg of ours within the window."""


class RiskPolicy(PolicyPart, frozen=True, kw_only=True):
    """Limits screened on every order before it leaves (`actors.risk.limits` has the table), orders in flight counted
    as filled."""

    order_notional_most_usd: Decimal = Decimal(50_000)
    order_base_most: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Largest order by asset, in base units: whatever the mark says. Assets not named are bounded in USD alone."""
    pair_long_most_usd: Decimal = Decimal(60_000)
    pair_short_most_usd: Decimal = Decimal(60_000)
    pair_gross_most_usd: Decimal = Decimal(100_000)
    venue_long_most_usd: Decimal = Decimal(150_000)
    venue_short_most_usd: Decimal = Decimal(150_000)
    venue_gross_most_usd: Decimal = Decimal(200_000)
    asset_gross_most_usd: Decimal = Decimal(100_000)
    total_long_most_usd: Decimal = Decimal(240_000)
    total_short_most_usd: Decimal = Decimal(240_000)
    total_gross_most_usd: Decimal = Decimal(400_000)
    total_net_most_usd: Decimal = Decimal(60_000)
    leverage_most: Decimal = Decimal(3)
    price_collar_bps: Decimal = Decimal(300)
    """Largest distance of a limit price from the mark."""
    path_collar_bps: Decimal = Decimal(300)
    """Largest distance of an opening order's limit price from the median of the mark's own path."""
    path_window_s: float = 900.0
    """That path is the marks of so long, about one a minute; at most an hour is remembered."""
    path_samples_least: int = 1
    """With fewer marks than this on the path nothing is opened."""
    orders_per_minute_most: int = 120
    """Orders of all kinds, to all venues; what opens is denied beyond it."""
    messages_per_second_most: int = 20
    """Orders and cancels, to all venues; what opens is denied beyond it, as with the next three."""
    messages_per_minute_most: int = 240
    venue_messages_per_second_most: int = 10
    """Orders and cancels, to one venue."""
    venue_messages_per_minute_most: int = 120
    hedges_per_minute_most: int = 60
    """Orders that hedge a leg that stands naked: the one bound on frequency they have."""
    repeated_executions_most: int = 12
    """So many executed openings of one side in one market within the window; then none until a person re-arms it."""
    repeated_executions_window_s: float = 3600.0
    account_age_most_s: float = 120.0
    """An equity told longer ago says nothing of the day's loss any more."""


class AutoClosePolicy(PolicyPart, frozen=True, kw_only=True):
    """When a pair is closed without anybody asking (`actors.risk.auto_close`). A limit of 0 switches its check off,
    but for `market_closed_s`, which is a pause, and `hold_longest_h`."""

    watch_s: float = 5.0
    """Between two looks while anything is held; marks, fills and positions are looked at as they come."""
    ask_again_s: float = 60.0
    """A pair that could not close when it was asked is asked again after so long."""
    time_to_liquidation_least_s: Decimal = Decimal(300)
    """Less than this until a leg is liquidated, at the recent speed of its mark: an emergency."""
    speed_window_s: float = 300.0
    """The recent speed is the fastest adverse one within this time; at most an hour is remembered."""
    liquidation_distance_least_fraction: Decimal = Decimal("0.05")
    """A leg's mark nearer than this fraction to its liquidation price: closed in order."""
    venue_silent_s: Decimal = Decimal(0)
    """A venue that is down and told nothing of a leg's market, nor of the account, for so long is left once it is
    heard again."""
    market_closed_s: float = 60.0
    """A market that may only be reduced, or is halted, for so long is left."""
    divergence_most_bps: Decimal = Decimal(0)
    """The two venues' marks further apart than this."""
    hold_most_h: Decimal = Decimal(336)
    """A pair held for so long, counted from its first fill or the last review, is reviewed: it stays when staying is
    worth it."""
    hold_longest_h: Decimal = Decimal(2160)
    """A pair held for so long is closed whatever it would bring. Not 0."""
    profit_target_bps: Decimal = Decimal(0)
    """What a pair would bring if it were closed now, of one leg's notional."""
    daily_loss_most_usd: Decimal = Decimal(0)
    """Equity lost on all accounts since midnight UTC: nothing is opened any more, and the run ends in order."""
