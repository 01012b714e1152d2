"""The audio store: decoded audio, uploads, and sources of recordings."""
