"""Discord: the connection, the handlers of its events, catching up, and the outbox.

The folders build on each other in the order conversion, connection, events and outbox, catchup; `listener` is on top.
The commands use conversion, permissions, error codes and the parts of events and outbox that pyproject.toml does not
forbid to them; only the composition root builds the rest.
"""
