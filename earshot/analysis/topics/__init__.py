"""What recordings are about: glossaries of topics, and the matching of their terms."""
