"""Releases of this installation: registered, promoted, rolled back, trained again."""
