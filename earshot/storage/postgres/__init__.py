"""Storage in Postgres: recordings, outcomes, reports. SQL is in sql/."""
