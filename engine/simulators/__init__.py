"""Simulated venues. They ship: paper trading, scenario tests and loopback servers run on the same code."""
