"""Audio processing: probe, decode, store, VAD, chunk plan, features."""
