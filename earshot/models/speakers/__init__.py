"""Speaker embeddings, and clustering them into speakers."""
