"""Celery's settings: data only, derived from the registry and ``earshot.settings``. Why each
value: docs/adr/0003."""

from celery.schedules import crontab
from kombu import Queue

from earshot.pools import queues
from earshot.registry import cards
from earshot.settings import settings
from earshot.storage.redis_url import celery_url, is_tcp, tls

_settings = settings()

ANSWER_SEC = 5
"""A connection to Redis on which no answer comes for so long is given up and made anew."""

# By the URL's scheme, which `tasks.app` gives the transport with the gate; `broker_transport` is
# not read for a socket's.
broker_url = result_backend = (
    celery_url(_settings.redis_url) or "redis://redis-is-not-configured.invalid"
)
broker_use_ssl = redis_backend_use_ssl = tls(_settings.redis_url, _settings.redis_ca)

# Messages: JSON, known queues, references only.
accept_content = ["json"]
task_serializer = result_serializer = "json"
task_create_missing_queues = False
task_queues = [Queue(name) for name in queues()]
task_default_queue = "ingest"
task_routes = {
    **{f"analyze.{card.name}": {"queue": card.name} for card in cards()},
    "train_noise_classifier": {"queue": "ingest"},
    **{f"{stage}.*": {"queue": stage} for stage in ("ingest", "merge", "finalize", "upkeep")},
}

# Nothing is acknowledged before it is done, and a job whose worker died is given to another one: at
# most as often as its task says (``max_retries``), and an analysis until the deaths of its chunks
# are enough (``earshot.pipeline.triage``).
task_acks_late = True
task_reject_on_worker_lost = True
task_retry_on_worker_lost = True
worker_deduplicate_successful_tasks = False
worker_cancel_long_running_tasks_on_connection_loss = False

# Jobs are long: a worker takes one when it is free, so queue lengths are honest and pools can be
# scaled by them.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
worker_pool = "tasks.process.pool:TaskPool"
worker_proc_alive_timeout = 30
worker_soft_shutdown_timeout = _settings.soft_shutdown_sec
worker_enable_soft_shutdown_on_idle = False

task_time_limit = _settings.task_time_limit_sec
task_soft_time_limit = _settings.task_soft_limit_sec
broker_transport_options = {
    "visibility_timeout": _settings.visibility_timeout_sec,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 2,
    "priority_steps": [0],
    "socket_keepalive": True,
    "socket_timeout": ANSWER_SEC,
    "socket_connect_timeout": ANSWER_SEC,
    "health_check_interval": ANSWER_SEC,
    "retry_on_timeout": True,
}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # for ever
redis_socket_keepalive = is_tcp(_settings.redis_url)
redis_socket_timeout = ANSWER_SEC
redis_socket_connect_timeout = ANSWER_SEC
redis_backend_health_check_interval = ANSWER_SEC
redis_retry_on_timeout = True
result_backend_transport_options = {"visibility_timeout": _settings.visibility_timeout_sec}
result_backend_always_retry = True
result_backend_max_retries = 20
result_expires = 86_400

# What operators see in Flower.
task_track_started = True
task_send_sent_event = True
worker_send_task_events = True
worker_hijack_root_logger = True
worker_log_format = "%(asctime)s %(levelname)s %(processName)s %(message)s"
worker_task_log_format = (
    "%(asctime)s %(levelname)s %(processName)s %(task_name)s[%(task_id)s] %(message)s"
)

# Beat imports no task module, so it does not know that these have no result.
beat_schedule = {
    name: {"task": f"upkeep.{name}", "schedule": seconds, "options": {"ignore_result": True}}
    for name, seconds in (
        ("reconcile", _settings.reconcile_every_sec),
        ("relay", _settings.relay_every_sec),
        ("tidy", _settings.tidy_every_sec),
    )
}
if _settings.scan_at:
    beat_schedule["scan"] = {
        "task": "upkeep.scan",
        "schedule": crontab.from_string(_settings.scan_at),
        "options": {"ignore_result": True},
    }
beat_scheduler = "tasks.beat:Scheduler"
