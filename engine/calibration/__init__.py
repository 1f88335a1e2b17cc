"""Measures how each funding field is read against what was really settled: the evidence behind `engine.venues.funding`.

`recorded` reads market data, `measures` computes, `checks` says what is needed and whether it was met, `payments` does
the arithmetic of single payments, `report` prints. Run by `perp2perp calibrate`; offline, outside the engine.

The modules named `adl_` do the same for the ADL level: `adl_event` reads, `adl_replay` asks the engine's estimator,
`adl_findings` counts, `adl_report` prints with the sentences of `adl_words`. Run by `perp2perp calibrate-adl`.

The modules named `forecast_` judge the forecast of funding: `forecast_recorded` reads, `forecast_replay` asks the
models of `forecast_models`, `forecast_scores` counts, `forecast_report` prints with the sentences of `forecast_words`.
Run by `perp2perp calibrate-forecast` (`forecast_command`).
"""
