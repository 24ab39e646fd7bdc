-- Keep the lease.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 lease in ms
-- Returns 'OK', 'STOP' if somebody wishes that the turn ends, or 'FENCED' if somebody else has taken it since.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
-- It was let go already, and this comes late: nobody is to find it held.
if redis.call('HGET', KEYS[1], 'expires') == '0' then return 'OK' end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'expires', string.format('%d', now + tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], 86400)
return redis.call('HEXISTS', KEYS[2], 'stop') == 1 and 'STOP' or 'OK'
