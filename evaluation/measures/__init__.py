"""Measures: DER, WER, classification, concordance."""
