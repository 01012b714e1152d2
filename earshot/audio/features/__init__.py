"""Inputs of networks computed from waveforms: spectrograms, windows, pitch, level."""
