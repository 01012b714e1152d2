"""The gate: whether a candidate is shown to be better than the release that answers."""
