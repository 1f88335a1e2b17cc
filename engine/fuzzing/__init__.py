"""Deterministic simulation of the whole engine: worlds drawn from seeds, an oracle, and what shrinks a failure.

`draw` makes a `world` from a seed; `lives` plays it with real adapters, simulated venues and a real journal, through
crashes and full disks (`disks`); `oracle` says what did not hold, from the journal and the exchanges' own truth;
`shrink` and `slicing` leave what matters of a failure, `story` tells it; `command` is `perp2perp fuzz`. The tests'
scenarios are played by the same `lives` and judged by the same `oracle`. Counterpart: `engine.checking`, which tries
all there is, in a small world.
"""
