"""Container headers that FFmpeg does not check: stated lengths, joined files, cut ends."""
