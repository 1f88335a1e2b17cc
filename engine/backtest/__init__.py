"""`perp2perp backtest`: the same engine, simulators and journal on recorded histories, many parameter sets at once.

`options` takes the command line and `request` makes a request of it; `grid` and `split` say which engine runs that
means; `many` runs them in processes, each by `one_run`; `baselines` computes what simple rules would have made of the
same hours; `findings` puts it together, and `words`, `page` and `plots` say it to people. `results` and `tuning` write
the published pages, RESULTS.md and TUNING.md.
"""
