"""Turns a request into chunks in the ledger: registers, admits, decodes and plans it."""
