"""Exports: a run's fills, funding, fees, positions, orders and ledger as files for other programs.

`tables` says what columns there are, `gathering` fills them from a journal, `csv_files`, `parquet_files` and
`cointracking` write them, `command` is the command. Counterpart: `engine.ledger`, whose entries these are.
"""
