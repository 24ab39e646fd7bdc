-- Add the known cost of an attempt that commits nothing, and its usage; counts once per attempt, and needs no lease. A
-- conversation that was reset since does not count the cost; the usage of the server does.
-- Returns 1, or 0 if the attempt is counted already, or the turn is forgotten or from before the last reset.
if redis.call('EXISTS', record) == 0 then return 0 end
-- The next attempt adds what this one has cost, if that is known.
local spent = unpriced == '0' and cost or 'unknown'
if redis.call('HSETNX', record, 'spent:' .. token, spent) == 0 then return 0 end
record_usage(usage, usage_s, used)
local floor = redis.call('HGET', meta, 'floor')
if floor and turn <= floor or redis.call('EXISTS', meta) == 0 then return 0 end
-- A later attempt writes a timeline that holds this one. A reset, or the end of the conversation, removes all timelines.
if timeline ~= '' and redis.call('HGET', record, 'claimed_by') == token then
  redis.call('HSET', record, 'timeline', timeline)
end
redis.call('HINCRBY', meta, 'cost', cost)
if unpriced ~= '0' then redis.call('HINCRBY', meta, 'unpriced', unpriced) end
return 1
