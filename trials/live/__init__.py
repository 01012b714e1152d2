"""``make bench-live``: live sessions over real WebSockets at the pace of speech."""
