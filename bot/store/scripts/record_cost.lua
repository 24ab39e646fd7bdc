-- Add the known cost of an attempt that commits nothing; counts once per attempt, and needs no lease.
-- Returns 1, or 0 if the attempt is counted already, or the turn is forgotten or from before the last reset.
local floor = redis.call('HGET', meta, 'floor')
if floor and turn <= floor then return 0 end
if redis.call('EXISTS', record, meta) < 2 then return 0 end
-- The next attempt adds what this one has cost, if that is known.
local spent = unpriced == '0' and cost or 'unknown'
if redis.call('HSETNX', record, 'spent:' .. token, spent) == 0 then return 0 end
redis.call('HINCRBY', meta, 'cost', cost)
if unpriced ~= '0' then redis.call('HINCRBY', meta, 'unpriced', unpriced) end
return 1
