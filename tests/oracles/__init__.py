"""Oracles: closed forms, independent checks, certificates that can fail."""
