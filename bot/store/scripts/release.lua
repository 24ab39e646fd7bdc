-- Let the lease go; the token stays, so that the next one is later.
-- KEYS 1 lease (hash)
-- ARGV 1 token
-- Returns 'OK', also if it was somebody else's by now.
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('HSET', KEYS[1], 'expires', '0') end
return 'OK'
