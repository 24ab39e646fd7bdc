-- Have a turn settled: whoever lost its lease may have written over what the next one wrote.
-- KEYS 1 settling (sorted set)
-- ARGV 1 lead, padded  2 ms from now until it is to be settled  3 lifetime in s
-- Returns 1.
local clock = redis.call('TIME')
local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], string.format('%d', due), ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
