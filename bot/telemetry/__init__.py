"""What an operator sees: logs, metrics, health. Never a secret, never what somebody wrote."""
