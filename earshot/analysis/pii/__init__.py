"""Personal data in words: where it is, and the words without it. Pure functions."""
