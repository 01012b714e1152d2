"""Storage in Redis: claims, presence, the event stream, refused messages."""
