"""Registered releases, the events about them, and the runs that train them."""
