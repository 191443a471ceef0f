"""The unit in which bytes travel."""

BLOCK = 1 << 20
"""Bytes that are read, hashed, written or sent at once."""
