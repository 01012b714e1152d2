"""Postgres, the outbox, the event stream, and staged outcomes."""
