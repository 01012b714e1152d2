"""Emotion recognisers, and the labels of their checkpoints."""
