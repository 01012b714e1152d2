"""Graphs of networks of other projects, written for one core; their weights stay where they are."""
