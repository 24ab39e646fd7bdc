-- Put a person's own words in place of a summary, if that summary is still the one that the person saw: `newest` is the
-- newest entry of the history, `before` the correction, '' for none, as the caller read them.
-- Returns 1, also if the correction is stored already, or 0 if the caller has to read again.
local corrected = redis.call('HGET', meta, 'corrected') or ''
if corrected == after then return 1 end
if corrected ~= before or redis.call('LINDEX', history, -1) ~= newest then return 0 end
redis.call('HSET', meta, 'corrected', after)
redis.call('EXPIRE', meta, ttl_s)
return 1
