--!df flags=allow-undeclared-keys
-- Take the lease and open the next turn, or the one that somebody left; else a turn that is due to be settled.
-- State: received -> claimed.
-- KEYS 1 lease (hash)  2 pending (sorted set)  3 history (list)  4 meta (hash)  5 settling (sorted set)
-- ARGV 1 owner, a worker of one process  2 lease in ms  3 prefix of the records  4 prefix of the results
--      5 most messages to a turn
-- Returns {'IDLE'} with nothing to do, {'LATER', ms until something is due}, {'HELD', ms left} if
--   somebody else works on it, else {'OPEN' | 'SETTLE', token, meta, lead, its record, its result or '',
--   {id, payload, ...}, history from the cut on, messages left out, entries
--   before the cut that pins may bring back}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local pending = redis.call('ZRANGE', KEYS[2], 0, -1)
local settle = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
if #pending == 0 and #settle == 0 then return {'IDLE'} end
if #pending == 0 and tonumber(settle[2]) > now then return {'LATER', tonumber(settle[2]) - now} end

local lease = redis.call('HMGET', KEYS[1], 'token', 'owner', 'expires', 'due')
local due = tonumber(lease[4] or 0)
if due > now then return {'LATER', due - now} end

local hurried = false
if #pending > 0 then
  -- It was edited, and waits for its pause to end; not if anything else waits, which would have to wait with it. That
  -- counts once for each pause: else who keeps editing would be answered each time.
  local found = redis.call('HMGET', ARGV[3] .. pending[1], 'state', 'hold', 'members', 'hurried')
  local hold = tonumber(found[2] or 0)
  if hold > now and found[1] ~= 'committed' then
    local alone = true
    for _, id in ipairs(pending) do
      alone = alone and string.find(' ' .. (found[3] or '') .. ' ', ' ' .. id .. ' ', 1, true)
    end
    if alone or found[4] == found[2] then return {'LATER', hold - now} end
    hurried = found[2]
  end
end

local token, expires = tonumber(lease[1] or 0), tonumber(lease[3] or 0)
if now < expires then
  if lease[2] ~= ARGV[1] then return {'HELD', expires - now} end
else
  -- Later than every token before, also than those that a roll-back of the store has forgotten.
  token = math.max(now, token + 1)
end
token = string.format('%d', token)
redis.call('HSET', KEYS[1], 'token', token, 'owner', ARGV[1],
  'expires', string.format('%d', now + tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], 86400)
if hurried then redis.call('HSET', ARGV[3] .. pending[1], 'hurried', hurried) end
local meta = redis.call('HGETALL', KEYS[4])

if #pending == 0 then
  local lead = settle[1]
  return {'SETTLE', token, meta, lead, redis.call('HGETALL', ARGV[3] .. lead),
    redis.call('GET', ARGV[4] .. lead) or '', {}, {}, 0, {}}
end

local lead = pending[1]
for _, id in ipairs(pending) do
  -- An older message may have come late, from a listing: what may be visible already is finished first.
  local state = redis.call('HGET', ARGV[3] .. id, 'state')
  if state == 'posting' or state == 'posted' or state == 'committed' then
    lead = id
    break
  end
end
local record = ARGV[3] .. lead
local members = {}
local started = redis.call('HGET', record, 'members')
if started and redis.call('HGET', record, 'state') ~= 'claimed' then
  for id in string.gmatch(started, '%d+') do members[#members + 1] = id end
else
  -- Nothing is visible yet, so whatever waits by now joins.
  for i = 1, math.min(#pending, tonumber(ARGV[5])) do
    members[i] = pending[i]
    -- Any of them may have been answered before.
    if redis.call('HGET', ARGV[3] .. pending[i], 'source') == 'listing' then
      redis.call('HSET', record, 'source', 'listing')
    end
  end
  redis.call('HSET', record, 'state', 'claimed', 'members', table.concat(members, ' '))
end
if redis.call('HGET', record, 'claimed_by') ~= token then
  redis.call('HINCRBY', record, 'tries', 1)
  redis.call('HSET', record, 'claimed_by', token)
end

local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', ARGV[3] .. id, 'payload') or ''
end
local cut = tonumber(redis.call('HGET', KEYS[4], 'cut') or 0)
if cut > redis.call('LLEN', KEYS[3]) then
  -- The history has expired, or was evicted, before what is known of the conversation.
  cut = 0
  redis.call('HSET', KEYS[4], 'cut', 0)
  meta = redis.call('HGETALL', KEYS[4])
end
local recalled = {}
for at in string.gmatch(redis.call('HGET', KEYS[4], 'places') or '', '%d+') do
  local entry = tonumber(at) < cut and redis.call('LINDEX', KEYS[3], at)
  if entry then recalled[#recalled + 1] = entry end
end
return {'OPEN', token, meta, lead, redis.call('HGETALL', record), redis.call('GET', ARGV[4] .. lead) or '',
  messages, redis.call('LRANGE', KEYS[3], cut, -1), #pending - #members, recalled}
