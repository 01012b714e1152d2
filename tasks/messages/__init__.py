"""Messages on the queues: their form, and which are refused."""
