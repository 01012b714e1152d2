"""Recognised text: spelling, overlaps of chunks, languages, hallucinations."""
