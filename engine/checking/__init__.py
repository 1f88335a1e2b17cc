"""An exhaustive check of the shipped decisions: one pair against every misbehaviour two venues can afford.

`perp2perp check` explores, breadth first, every world that the pair's own step can be led into by an adversary with a
budget of faults, and holds each to the invariants. `world`, `venue`, `moves` and `gone` are the adversary; `decision`
runs the pair; `form` and `expansion` and `search` enumerate; `properties` and `rest` judge; `playbook` and `diagram`
tell a counterexample; `planted` proves that bugs are found; `reductions` that nothing is left out.
"""
