"""What stands in for the servers that are not configured: Redis, Discord, Claude."""
