--!df flags=allow-undeclared-keys
-- A thread may be written to again: have its last turn put right, if Discord refused to show all of it.
-- KEYS 1 meta (hash)  2 settling (sorted set)
-- ARGV 1 prefix of the records  2 lifetime of what is to be settled in s
-- Returns 1 if there is something to put right.
local last = redis.call('HGET', KEYS[1], 'last')
if not last or redis.call('HEXISTS', ARGV[1] .. last, 'halted') == 0 then return 0 end
redis.call('ZADD', KEYS[2], '0', last)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
