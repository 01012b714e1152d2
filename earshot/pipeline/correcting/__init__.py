"""Corrections of reports: made, undone, redone."""
