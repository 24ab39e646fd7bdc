-- A message was deleted that nobody has taken in: whoever still holds it, or has listed it just before, is not to.
-- State: (none) -> cancelled.
-- KEYS 1 record (hash)
-- ARGV 1 lifetime in s
-- Returns 1, or 0 if the message was taken in meanwhile.
local state = redis.call('HGET', KEYS[1], 'state')
if state then return state == 'cancelled' and 1 or 0 end
redis.call('HSET', KEYS[1], 'state', 'cancelled')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
