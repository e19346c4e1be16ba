"""Figures of data sets, models and comparisons: each function gives a matplotlib `Figure`.

No state is shared between figures, and nothing opens a window.
"""
