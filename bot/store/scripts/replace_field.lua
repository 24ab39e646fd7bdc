-- Replace a field of a hash, or remove the field if `after` is '', if the field is still as the caller read it.
-- Returns 1, also if the field is the new one already, or 0.
local held = redis.call('HGET', value, field) or ''
if held == after then return 1 end
if held ~= before then return 0 end
if after == '' then redis.call('HDEL', value, field) else redis.call('HSET', value, field, after) end
return 1
