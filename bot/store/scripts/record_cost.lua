-- Add the known cost of an attempt that commits nothing; counts once per attempt, and needs no lease.
-- Returns 1, or 0 if the attempt is counted already, or the turn is forgotten or from before the last reset.
local floor = redis.call('HGET', meta, 'floor')
if floor and turn <= floor then return 0 end
if redis.call('EXISTS', record, meta) < 2 then return 0 end
if redis.call('HSETNX', record, 'spent:' .. token, '1') == 0 then return 0 end
redis.call('HINCRBY', meta, 'cost', cost)
if unpriced ~= '0' then redis.call('HINCRBY', meta, 'unpriced', unpriced) end
return 1
