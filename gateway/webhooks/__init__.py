"""Sends events to webhooks, by the rules of Standard Webhooks."""
