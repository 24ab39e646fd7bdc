-- Leave a thread: from the interaction `at` on the bot answers nothing until it is mentioned. A mention from after `at`
-- stays in force, and so does a later `left`.
-- Returns 1, also to the same interaction again; 0 if that changes nothing, because the bot had left the thread before.
local joined, left = redis.call('HGET', meta, 'joined'), redis.call('HGET', meta, 'left')
local leaves = left == at or not joined and not left or joined and is_earlier(joined, at)
if joined and is_earlier(joined, at) then redis.call('HDEL', meta, 'joined') end
if not left or is_earlier(left, at) then redis.call('HSET', meta, 'left', at) end
redis.call('EXPIRE', meta, ttl_s)
return leaves and 1 or 0
