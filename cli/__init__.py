"""The command earshot."""
