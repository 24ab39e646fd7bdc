-- A turn has been compared with what Discord shows, and put right.
-- KEYS 1 lease (hash)  2 settling (sorted set)  3 pending (sorted set)
-- ARGV 1 token  2 lead, padded  3 ms from now until the next look, '' for none
-- Returns 'OK' or 'FENCED'. The lease goes with it unless messages wait.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[2], ARGV[2])
else
  local clock = redis.call('TIME')
  local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[3])
  redis.call('ZADD', KEYS[2], string.format('%d', due), ARGV[2])
end
redis.call('HSET', KEYS[1], 'expires', '0')
return 'OK'
