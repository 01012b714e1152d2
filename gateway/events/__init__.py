"""Streams of events: one reader of the outbox for each process, and a follower for each client."""
