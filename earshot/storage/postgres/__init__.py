"""What Postgres holds: recordings, outcomes, reports. SQL is in sql/."""
