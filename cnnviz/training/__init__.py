"""Training: examples in, learned weights out."""
