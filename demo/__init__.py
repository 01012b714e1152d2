"""The demo call that ``make run`` analyses when no audio is named, and how it was made."""
