"""The producer: find files, upload, enqueue, follow."""
