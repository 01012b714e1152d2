"""The library: analyses recordings and keeps results. It imports nothing above itself, and no
Celery."""
