"""Decoding of media files to waveforms on the file's own time line."""
