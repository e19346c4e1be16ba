"""Making and measuring models: data set, balance, fit, evaluate."""
