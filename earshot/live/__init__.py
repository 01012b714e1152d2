"""Words while they are spoken: the window of open speech, what of its text is final, and where it
ends. No queue and no table is used here; ``live`` runs it."""
