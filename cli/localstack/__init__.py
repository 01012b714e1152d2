"""Redis, Postgres and the worker processes on this machine: no Docker, no root, no hub."""
