"""Training of the emotion checkpoint on Whisper's encoder."""
