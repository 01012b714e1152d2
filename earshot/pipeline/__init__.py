"""Decides the next step of a recording, from request to report, without Celery."""
