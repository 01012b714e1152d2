"""Figures of a conversation, each by one written definition that its report contains."""
