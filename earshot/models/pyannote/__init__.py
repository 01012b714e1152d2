"""Diarization with pyannote.audio checkpoints."""
