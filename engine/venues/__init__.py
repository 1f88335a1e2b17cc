"""Venue adapters: the same four rooms (wire, codec, signing, adapter) for each venue."""
