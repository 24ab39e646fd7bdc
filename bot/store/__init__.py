"""Redis: the conversation log, the inbox, the turn journal, leases, prompts; the embedded server."""
