-- Let the lease go; the token stays, so that the next one is later.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 '1' if the try was no fault of the turn's and does not count  3 ms before which nobody is to take it
-- Returns 'OK', also if it was somebody else's by now.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'expires') == '0' then
  return 'OK'
end
redis.call('HSET', KEYS[1], 'expires', '0')
local clock = redis.call('TIME')
local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'due', string.format('%d', due))
if ARGV[2] == '1' and redis.call('HGET', KEYS[2], 'claimed_by') == ARGV[1] then
  redis.call('HINCRBY', KEYS[2], 'tries', -1)
end
return 'OK'
