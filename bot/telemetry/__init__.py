"""Logs, metrics and health for the operator. They never contain a secret or message content."""
