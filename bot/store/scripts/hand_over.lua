-- Make somebody else the starter of a conversation. A repeated call changes nothing, and neither does one that is from
-- before the latest one (`at` is the interaction).
-- Returns 1 if the starter has changed.
local latest = redis.call('HGET', meta, 'handed')
if latest and not is_earlier(latest, at) then return 0 end
redis.call('HSET', meta, 'starter', person, 'handed', at)
redis.call('EXPIRE', meta, ttl_s)
return 1
