"""Crosstalk between the channels of a recording."""
