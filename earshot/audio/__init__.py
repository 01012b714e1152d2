"""Sound in, arrays out: probe, decode, store, VAD, chunk plan, features."""
