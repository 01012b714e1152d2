"""Live sessions by WebSocket: sound in, events out. No speech is recognised here (docs/live.md)."""
