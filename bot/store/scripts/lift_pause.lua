-- End a person's pause, and forget the score that led to it.
-- Returns 1 if the person was paused at `at_ms`.
local paused_until = tonumber(redis.call('HGET', abuse, 'until') or 0)
redis.call('HDEL', abuse, 'score', 'at', 'since', 'until', 'told')
return paused_until > tonumber(at_ms) and 1 or 0
