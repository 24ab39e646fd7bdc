-- Keep what was prepared for the running turn, in a field of a hash of the conversation. A worker that has lost its lease
-- must not bring back what was deleted or reset meanwhile.
if not holds_lease() then return 'FENCED' end
redis.call('HSET', prepared, field, value)
redis.call('EXPIRE', prepared, ttl_s)
return 1
