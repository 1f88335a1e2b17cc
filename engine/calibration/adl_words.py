"""The sentences of the page on ADL; `adl_report` puts the figures between them."""

HEAD = """# ADL: what the estimated level is worth

Written by `perp2perp calibrate-adl --data DIR --out engine/calibration/ADL.md` from recorded market data; a test
computes it anew where the data is present. No venue of the four publishes a level or a rank; where one does
(`PositionReported.adl_rank`), it wins. Otherwise `actors/risk/adl.py` estimates:

    score = queue x stress        levels 2, 3, 4, 5 from the scores of policy.adl.level_scores on (1, 2, 4, 8)
    queue = (mark / entry, a short: entry / mark) x notional / account equity; 0 without profit
    stress = the largest of: the mark's move the leg's way within an hour, in maintenance fractions;
             the fall of open interest within an hour / policy.adl.interest_drop_step;
             policy.adl.deleveraged_stress for an hour after the venue deleveraged a leg of ours

The queue is Hyperliquid's published order; for shorts the inversion is ours. Pacifica and Lighter publish none, Drift
has no ADL (socialised losses have rules of their own). What is not known is taken at its worst and said.

| input | Hyperliquid | Pacifica | Lighter | read |
|---|---|---|---|---|
| own return, leverage | yes | yes | yes | yes |
| mark, maintenance fraction | yes | yes | yes | yes |
| open interest | yes | yes | yes | yes |
| ADL of our own legs | fills | fills | fills | yes |
| liquidations of others | no | public trades | public trades | no |
| equity of the backstop | a public account | not found | a public account | no |

## The day: 2025-10-10, Hyperliquid

A short opened a day before at 3x, the most the engine allows, alone on its account. Prices are hourly candles, whose
extremes have no time: a score counts where it was certainly reached within the hour, so leads are at least these. The
first price of the deleveraging is what its fills say, from the price at 21:00 on. Hours are UTC."""

AFTER_DAY = """`said 4 earlier` is a warning hours too soon and not counted as one. From 21:00 on everything is a 5 at
some moment of the hour, but whether before or after the deleveraging began the candles do not say. The engine looks
every `policy.adl.watch_s` (30 s), on every own fill and on every position push: what stood for less may pass between
two looks.

## The threshold of level 4

The score was set on BTC, INJ, SOL and WIF: the largest of these that had warned all four by 21:00. ARB, ETH and OP, and
the hours of 2026, were held out of that, which means that they had no vote; they were not unseen. All seven coins stood
in one table, a first guess of 5 was given up for it, and that a move counts in maintenance fractions was chosen after
looking at the day in all seven and at all hours together. Level 5 is twice level 4: it had not been said for any coin
by 21:00, and is nearly never said elsewhere. `a month` is one leg held for 730 hours. A 4 in vain halves the pair:
about 4 bps of a leg in taker fees, as much again for coming back, and slippage."""

AFTER_CANDIDATES = """## All other hours

False alarms, as far as can be known: by its founder's word, as the press had it in October 2025, this was the venue's
first cross-margin ADL in more than two years; whether it deleveraged anybody afterwards is not recorded."""

ELSEWHERE = """## An ADL elsewhere on the venue

{first} coins were deleveraged in the first second, {later} more later: half of them {median} s or more after it, the
last one {most} s. {spared_count} coins with liquidations were spared ({spared}).
A leg of ours in an early coin thus warned of most later ones, and on that event all legs on the venue are judged at
once: a 3x leg that gains at all stands at level {at_three}, a 1x leg at {at_one}, one of 0.2x at {at_fifth}. For the
coins of the first second there was no such warning; and for all but seven coins no price is recorded from before their
deleveraging, so what the move would have said is unknown."""

OTHER_INPUTS = """## Inputs that this event does not calibrate

- Open interest of the day is not recorded. That a tenth of it gone counts as one maintenance fraction is a guess,
  bounded by false alarms only: in {hours} changes from hour to hour of Hyperliquid's coins in January 2026 (means of an
  hour, seventeen hours in all) it fell {drops}.
  A 3x leg in profit needs 13 % for level 4.
- Liquidations of the whole venue: {liquidations} fills in the {seconds} s before the first ADL, against
  {calm_marked} of {calm_fills} fills in {calm_seconds} calm seconds (2025-10-27). They would have warned a minute
  or more ahead, but Hyperliquid's API names nobody's liquidations (a node does), the recording begins in the middle of
  them, and nothing says how often so many end without ADL. Pacifica and Lighter tell them with their public trades; no
  event is recorded there to set a scale.
- `policy.adl.deleveraged_stress` is set so that 1x reduces and 3x leaves; nobody's fate is recorded to judge that."""

UNKNOWN = """## What cannot be known from these data

- Which accounts were deleveraged, and how deep into the queue: neither positions nor leverage of anybody are recorded.
  That the queue bites at 3x and spares 0.2x is the formula's word, not a measurement.
- The order of prices and liquidations within the hour; the maintenance fractions of that day (those of an undated copy
  of the venue's page are used); tiers for large positions.
- Anything about Pacifica or Lighter: the thresholds are Hyperliquid's, carried over.
- What a wrong mark would do: one that is remembered counts for an hour. None is known in these candles.
- Whether the next event resembles this one. One event sets no rate."""
