"""The operations of the gateway: a module a subject, each with a ``router``."""
