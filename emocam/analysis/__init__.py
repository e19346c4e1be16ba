"""Analyses of models: comparisons, explanations, figures."""
