"""The HTTP gateway: submits, reads and deletes recordings, classifies short sounds, and streams
events, for programs that do not speak Celery."""
