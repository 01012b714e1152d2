"""Encryption of what the audio store holds (docs/adr/0062-stored-sound-is-sealed-in-blocks.md)."""
