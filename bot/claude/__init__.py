"""The one shared Claude client. The SDK's types and exceptions stop here."""
