"""Waveforms to the inputs of networks: spectrograms, windows, pitch, level."""
