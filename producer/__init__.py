"""Audio in: find files, upload them, enqueue them, follow them."""
