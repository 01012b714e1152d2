"""The audio store: decoded sound, uploads, and where recordings come from."""
