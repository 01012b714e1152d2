"""Keys of this process."""
