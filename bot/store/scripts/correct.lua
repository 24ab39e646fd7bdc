-- Let somebody's own words stand in place of a summary, if that is still the one that was looked at.
-- KEYS 1 history (list)  2 meta (hash)
-- ARGV 1 the newest entry as it was read  2 the correction as it was read, '' for none  3 the new one  4 lifetime in s
-- Returns 1, also if it stands there already, or 0 if it has to be looked at anew.
local corrected = redis.call('HGET', KEYS[2], 'corrected') or ''
if corrected == ARGV[3] then return 1 end
if corrected ~= ARGV[2] or redis.call('LINDEX', KEYS[1], -1) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'corrected', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
