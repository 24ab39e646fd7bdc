-- A turn has been compared with what Discord shows, and put right; the lease goes with it.
-- KEYS 1 lease (hash)  2 settling (sorted set)  3 record of the turn (hash)
-- ARGV 1 token  2 lead, padded  3 '1' if the thread shows all of it by now
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
redis.call('ZREM', KEYS[2], ARGV[2])
if ARGV[3] == '1' then redis.call('HDEL', KEYS[3], 'halted') end
redis.call('HSET', KEYS[1], 'expires', '0')
return 'OK'
