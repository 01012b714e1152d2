"""The page, driven in the system's Chromium against a real gateway, workers and servers."""
