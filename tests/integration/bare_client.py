"""Another service: knows Celery, the broker and the task's name, and imports nothing of this
project.

Usage: bare_client.py REDIS_URL REQUEST_JSON [QUEUE]
"""

import json
import sys

from celery import Celery

redis_url, request, *queue = sys.argv[1:]
client = Celery(broker=redis_url, backend=redis_url)
options = {"queue": queue[0]} if queue else {}
result = client.send_task("ingest.recording", [json.loads(request)], **options)
print(json.dumps(result.get(timeout=60)))
