"""Studies of models: comparisons, explanations, figures."""
