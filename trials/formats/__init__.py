"""Audio files of many formats, intact and damaged: compares the analysed audio with the input, and
counts crashes."""
