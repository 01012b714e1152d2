"""The live process: recognises the sound of live sessions while it comes (docs/live.md)."""
