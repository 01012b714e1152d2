"""The report of a recording: its sections, and how outcomes are merged into them."""
