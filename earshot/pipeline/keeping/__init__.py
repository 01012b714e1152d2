"""What is kept of recordings: holds, and exported files."""
