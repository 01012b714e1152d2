"""Files of every kind that people hand in, whole and bent: what of their sound is analysed, and
whether anything crashes."""
