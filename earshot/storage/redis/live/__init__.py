"""Live sessions in Redis: their sound on its way to a live process, and their events back."""
