"""The connection to Discord: login, gateway, rate limits."""
