"""Webhooks: the endpoints of each tenant, the deliveries to them, and the work of sending."""
