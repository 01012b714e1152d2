"""The only package that imports Celery; a task body is: validate, call, dump."""
