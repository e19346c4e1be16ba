"""Readings of a live session on their way to other programs: one module a protocol."""
