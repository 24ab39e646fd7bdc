-- Take the lease and open the next turn, or the one that somebody left. State: received -> claimed.
-- KEYS 1 lease (hash)  2 pending (sorted set)  3 history (list)  4 meta (hash)
-- ARGV 1 owner, unique to this attempt  2 lease in ms  3 prefix of the records  4 most messages to a turn
-- Returns {'IDLE'} with nothing to do, {'HELD', ms left} if somebody else works on it, else
--   {'OPEN', token, meta, the turn's record, {id, payload, ...}, history from the cut on, messages left out}.
local pending = redis.call('ZRANGE', KEYS[2], 0, -1)
if #pending == 0 then return {'IDLE'} end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = redis.call('HMGET', KEYS[1], 'token', 'owner', 'expires')
local token, expires = tonumber(lease[1] or 0), tonumber(lease[3] or 0)
if now < expires then
  if lease[2] ~= ARGV[1] then return {'HELD', expires - now} end
else
  -- Later than every token before, also than those that a roll-back of the store has forgotten.
  token = math.max(now, token + 1)
end
redis.call('HSET', KEYS[1], 'token', string.format('%d', token), 'owner', ARGV[1],
  'expires', string.format('%d', now + tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], 86400)

local meta = redis.call('HGETALL', KEYS[4])
local cut = tonumber(redis.call('HGET', KEYS[4], 'cut') or 0)
local history = redis.call('LRANGE', KEYS[3], cut, -1)

local lead = pending[1]
local record = ARGV[3] .. lead
local members = {}
local started = redis.call('HGET', record, 'members')
if started and redis.call('HGET', record, 'state') ~= 'claimed' then
  for id in string.gmatch(started, '%d+') do members[#members + 1] = id end
else
  -- Nothing is visible yet, so whatever waits by now joins.
  for i = 1, math.min(#pending, tonumber(ARGV[4])) do members[i] = pending[i] end
  redis.call('HSET', record, 'state', 'claimed', 'members', table.concat(members, ' '))
end
redis.call('HINCRBY', record, 'tries', 1)

local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', ARGV[3] .. id, 'payload') or ''
end
return {'OPEN', string.format('%d', token), meta, redis.call('HGETALL', record), messages, history,
  #pending - #members}
