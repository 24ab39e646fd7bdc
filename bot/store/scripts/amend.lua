-- Change one entry of the history, if the entry is still the one that the caller read.
-- Returns 1, also if the entry is the new one already, or 0.
local held = redis.call('LINDEX', history, index)
if held == after then return 1 end
if held ~= before then return 0 end
redis.call('LSET', history, index, after)
return 1
