"""emotion2vec in plain torch (docs/adr/0021)."""
