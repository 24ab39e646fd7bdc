-- Add the known cost of an attempt that has committed nothing; counts once per attempt and needs no lease.
-- KEYS 1 record of the turn (hash)  2 meta (hash)
-- ARGV 1 token of the attempt  2 cost in micro-dollars  3 requests without a complete cost  4 id of the turn, padded
-- Returns 1, or 0 if the attempt is counted already, or the turn is forgotten or from before the last reset.
local floor = redis.call('HGET', KEYS[2], 'floor')
if floor and ARGV[4] <= floor then return 0 end
if redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then return 0 end
if redis.call('HSETNX', KEYS[1], 'spent:' .. ARGV[1], '1') == 0 then return 0 end
redis.call('HINCRBY', KEYS[2], 'cost', ARGV[2])
if ARGV[3] ~= '0' then redis.call('HINCRBY', KEYS[2], 'unpriced', ARGV[3]) end
return 1
