"""Drift: orders are Solana transactions, read back from the accounts and logs of its program.

The program is paused since 2026-04-01; this room is proven against the simulator, and gated by the venue's status.
"""
