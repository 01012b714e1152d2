"""Metrics of live sessions."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Counter("earshot_live_sessions", "Live sessions that were admitted.")
REFUSED = Counter("earshot_live_refused", "Live sessions that were refused for lack of room.")
CONNECTIONS = Gauge(
    "earshot_live_connections", "Open connections of live sessions.", multiprocess_mode="livesum"
)
LAG = Histogram(
    "earshot_live_lag_seconds",
    "Sound that was received and not recognised when an event was made.",
    ["type"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1, 2, 5, 10, 30),
)
