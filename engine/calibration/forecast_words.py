"""The sentences of the page on forecasts; `forecast_report` puts the tables between them."""

HEAD = """# Funding forecasts: what they are worth

Written by `perp2perp calibrate-forecast --data DIR --out engine/calibration/FORECAST.md` from recorded funding. What is
forecast is the mean difference of two venues' rates over a horizon, by `actors/forecast.py`:

    mean  = rest + (slow - rest) x left(slow_reversion_h) + (fast - slow) x left(fast_reversion_h), first less second
    left  = share of a deviation of half-life h that is left on the mean over the horizon H: (1 - 2^(-H/h)) h / (H ln 2)
    error = error_fraction x sqrt(variance of the last recent_h differences + both venues' scale squared),
            times sqrt(recent_h / hours seen) while fewer were seen

`fast` and `slow` follow a venue's rate at two speeds, clipped at clip_most mean distances (`scale`) from `slow`; `rest`
is what the venue charges while its premium is nil. All numbers stand in `[policy.forecast]`.

| model | what it says |
|---|---|
| last value | the difference as it is stays so |
| smoothed | the difference, smoothed with a half-life of 12 h, stays so: what the scanner did before this |
| one speed | clipped, smoothed with a half-life of 12 h, falls back to rest with one of 84 h |
| two speeds | the above: the engine's default |
| autoregression | smoothed; the pace at which it falls back is learnt for each pair by recursive least squares |

Every model is the engine's own code under other settings, save the last.

## What was looked at when

- tuned: up to 2023-09-30. All half-lives, the clipping and `error_fraction` were set there, on all pairs together.
- tested: 2023-10-01 to 2025-12-31, ETH to 2023-12-31. The default was chosen there, among the five.
- held out: ETH from 2024 on, and all of 2026. Computed once, when everything else stood.

A forecast counts to a window when it was made and ended there. It knows what was paid by its hour; Binance's payments
are known when they are made and count for the eight hours before. A horizon is judged when 80 % of its hours were
recorded, at every sixth hour: neighbours overlap, so the counts are far larger than the independent cases.
Hyperliquid-Lighter is two weeks of snapshots, pooled over its coins, with Hyperliquid's rate still forming; SOL, BNB
and XRP of Hyperliquid are not recorded for Drift's years, and Pacifica not at all.

## All pairs together

Root mean square and mean absolute error of the horizon's sum, over those of `smoothed` (geometric mean, each pair
counted alike; below 1 is better); on how many pairs the former was better; how often the truth lay within one and two
stated standard errors (a normal law: 68 % and 95 %)."""

MONEY = """## Money

A plain rule, one notional a pair, 10 bps a round trip: enter when 72 h are forecast to pay 14 bps, leave when they are
forecast to cost 5 bps; it looks every three hours. Slippage, basis and margin are left out. `less one error`: the
default, entering only when the forecast less one standard error pays. Net bps of one leg's notional, without
Hyperliquid-Lighter."""

DETAIL = """## Every pair

Root mean square error in bps of notional over the horizon; in brackets the skill, 1 - error / error of `smoothed`. The
last two columns are of `two speeds`: truths within one and two standard errors."""


READING = """## What it says

- `two speeds` is the default: out of sample it is nearer the truth than `smoothed` in 51 of 54 rows of the last table,
  and than `one speed` (robust smoothing that falls back to rest) in 49. Most of the gain is falling back to rest; the
  second speed and the clipping are the smaller part. The settings are round numbers from a flat top: each of them half
  or twice as large made the tuned error up to 4 % larger, and none smaller.
- Learning the pace for each pair (`autoregression`) was worse than one fixed pace: a few months of one pair hold too
  few independent turns to learn from.
- The gain is in what is expected, and hardly in the rule's money: `smoothed` and `two speeds` earn the same within 2 %
  where it was much, with a fifth to a third fewer round trips. While one venue pays more for months any patient rule
  earns that, and the last value loses most or all of it to fees. A rule that asks for one standard error earns less in
  all and twice as much a round trip: it counts where slippage is more, or places are few.
- The stated error holds where it was set and in what was held out (72 % to 74 % within one, 93 % to 95 % within two),
  and is too small in what was tested (63 % and 87 %), when the level of all funding rose for weeks in the winter of
  2023-24. Drift's BNB and XRP were worst: at 168 h two standard errors held two to three times of four.
- The error of the mean hardly depends on the horizon from 24 to 168 h, since what is missed is mostly a lasting change
  of level: the sum's error grows with the horizon itself. Shorter and longer horizons were not judged.

What these data cannot say: anything of Pacifica; of Lighter beyond two weeks; of months of a venue's coins beside the
large ones; how rates that are polled while forming, every few minutes, differ from the settled ones used here (all but
the snapshots); whether a resting rate other than 0.01 % in 8 h applies to a market. Drift's payments up to some minutes
late count for their hour."""
