"""Pacifica: wire (what the venue says), codec (what we make of it), signing, adapter (the I/O).

Facts are cited from the official documentation (docs.pacifica.fi), read in the autumn of 2025 and again in
2026, and from recorded payloads; what is only inferred is called so.
"""
