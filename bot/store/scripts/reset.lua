--!df flags=allow-undeclared-keys
-- Forget the history and whatever waits; a turn that runs is fenced off. In a thread of somebody else's, the bot answers
-- again only when it is mentioned.
-- KEYS 1 lease (hash)  2 pending (sorted set)  3 history (list)  4 meta (hash)  5 settling (sorted set)
-- ARGV 1 prefix of the records  2 id before which nothing counts any more, padded  3 lifetime of what is done in s
--      4 lifetime in s  5 prefix of the results
-- Returns {turns forgotten, lead of the turn that was running or '', its fields}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local token = math.max(now, tonumber(redis.call('HGET', KEYS[1], 'token') or 0) + 1)
redis.call('HSET', KEYS[1], 'token', string.format('%d', token), 'owner', '', 'expires', '0', 'due', '0')
redis.call('EXPIRE', KEYS[1], 86400)
local turns = redis.call('LLEN', KEYS[3])
redis.call('DEL', KEYS[3], KEYS[5])
local last = redis.call('HGET', KEYS[4], 'last')
if last then
  redis.call('DEL', ARGV[5] .. last)
  for id in string.gmatch(redis.call('HGET', ARGV[1] .. last, 'members') or last, '%d+') do
    redis.call('HDEL', ARGV[1] .. id, 'payload')
    redis.call('EXPIRE', ARGV[1] .. id, ARGV[3])
  end
end
-- It was mentioned again since it left a thread of its own, so it is not to leave that one once more.
if redis.call('HEXISTS', KEYS[4], 'joined') == 1 then redis.call('HDEL', KEYS[4], 'left') end
redis.call('HDEL', KEYS[4], 'cut', 'turns', 'input_tokens', 'output_tokens', 'cost', 'unpriced', 'last',
  'corrected', 'places', 'pinned_now', 'joined')
redis.call('HSET', KEYS[4], 'floor', ARGV[2])
redis.call('EXPIRE', KEYS[4], ARGV[4])
local lead, record = '', {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if id <= ARGV[2] then
    local fields = redis.call('HGETALL', ARGV[1] .. id)
    if lead == '' and redis.call('HGET', ARGV[1] .. id, 'members') then lead, record = id, fields end
    redis.call('ZREM', KEYS[2], id)
    redis.call('HSET', ARGV[1] .. id, 'state', 'cancelled')
    redis.call('HDEL', ARGV[1] .. id, 'payload')
    redis.call('DEL', ARGV[5] .. id)
    redis.call('EXPIRE', ARGV[1] .. id, ARGV[3])
  end
end
return {turns, lead, record}
