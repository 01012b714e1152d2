"""Measures the analyses on labelled recordings, through the code of production."""
