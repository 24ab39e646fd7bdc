-- Change one entry of the history, if it still is what was read.
-- KEYS 1 history (list)
-- ARGV 1 its place, from 0  2 the entry as it was read  3 the new one
-- Returns 1, also if it is the new one already, or 0.
local held = redis.call('LINDEX', KEYS[1], ARGV[1])
if held == ARGV[3] then return 1 end
if held ~= ARGV[2] then return 0 end
redis.call('LSET', KEYS[1], ARGV[1], ARGV[3])
return 1
