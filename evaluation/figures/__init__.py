"""The metrics of each analysis."""
