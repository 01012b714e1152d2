"""What is done to the system, one file for each kind of trouble; each function brings the load and
the faults of a row."""
