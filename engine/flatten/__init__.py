"""The last resort: `perp2perp flatten` closes everything at the venues without the engine, and `positions` looks.

A process and a code path of its own, for an engine that hangs, is dead, or whose journal is refused. It knows no core,
no actors and no charts, and holds no books: it asks the venues, reduces, and asks again. Shared with the engine are the
venues' adapters and wire, the signing process (another one, with caps that let nothing be opened), how bytes reach a
disk, and the profile. A way through: `commands` -> `scope` (which markets) -> `reach` (how a venue is reached) ->
`venue` and `closing` (what is done there) -> `record` and `report`.
"""
