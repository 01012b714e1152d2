"""What happens to a recording next: every decision of its way, without Celery."""
