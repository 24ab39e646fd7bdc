-- Leave a thread: from the interaction `at` on the bot answers nothing until it is mentioned. A mention from after `at`
-- stays in force, and so does a later `left`.
local joined, left = redis.call('HGET', meta, 'joined'), redis.call('HGET', meta, 'left')
if joined and is_earlier(joined, at) then redis.call('HDEL', meta, 'joined') end
if not left or is_earlier(left, at) then redis.call('HSET', meta, 'left', at) end
redis.call('EXPIRE', meta, ttl_s)
return 1
