-- Store which messages are pinned, and the indexes of their turns in the history, if the history is still as long as
-- when the caller looked the indexes up.
-- Returns 1, or 0 if the caller has to look again.
if redis.call('LLEN', history) ~= tonumber(length) then return 0 end
redis.call('HSET', meta, 'pins', pins, 'places', indexes)
redis.call('EXPIRE', meta, ttl_s)
return 1
