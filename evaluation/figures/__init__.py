"""The figures of each analysis."""
