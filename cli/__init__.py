"""The ``earshot`` command."""
