"""Discord's JSON error codes that the bot tells apart (Discord, topics/opcodes-and-status-codes)."""

UNKNOWN_CHANNEL = 10003
UNKNOWN_GUILD = 10004
UNKNOWN_MEMBER = 10007
UNKNOWN_USER = 10013
EDIT_RATE_LIMIT = 30046
"""Maximum number of edits to messages older than 1 hour reached."""

INVALID_FORM_BODY = 50035
THREAD_ARCHIVED = 50083
REPLY_WITHOUT_HISTORY = 160002
"""Cannot reply without permission to read message history."""

THREAD_EXISTS = 160004
"""A thread has already been created for this message."""

THREAD_LOCKED = 160005
THREAD_LIMIT = 160006
"""Maximum number of active threads reached."""
