"""Checkpoints: the catalog, downloads, where they lie, licences, export."""
