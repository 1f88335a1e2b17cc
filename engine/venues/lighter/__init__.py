"""Lighter: wire (what the venue says), codec (what we make of it), signing, adapter (the I/O).

Facts are cited from the official documentation (apidocs.lighter.xyz, read 2026-07-19), the official Python SDK
(lighter-sdk 1.1.8), its OpenAPI description, and recorded payloads; what is only inferred is called so.
"""
