"""Voxtral: one network for speech recognition and emotion."""
