--!df flags=allow-undeclared-keys
-- Take the lease and open the next turn, or the turn that somebody left; else a turn that is due for reconciliation.
-- Returns {'IDLE'} with nothing to do, {'LATER', ms until something is due}, {'HELD', ms left} if another owner has the
--   lease, else {'OPEN' | 'RECONCILE', token, meta, turn id, the turn's record, result or '', {id, payload, ...}, the
--   history from the window's start on, number of messages left for later turns, entries before the window that pins
--   may bring back, when a turn was due for reconciliation or ''}.
local now = now_ms()
local waiting = redis.call('ZRANGE', pending, 0, -1)
local reconcile = redis.call('ZRANGE', unreconciled, 0, 0, 'WITHSCORES')
if #waiting == 0 and #reconcile == 0 then return {'IDLE'} end
if #waiting == 0 and tonumber(reconcile[2]) > now then return {'LATER', tonumber(reconcile[2]) - now} end

local held = redis.call('HMGET', lease, 'token', 'owner', 'expires', 'due')
local due = tonumber(held[4] or 0)
if due > now then return {'LATER', due - now} end

-- Messages that are held back wait, and keep no others waiting; those that join others are answered together with them.
local held_back, free, held_until = {}, 0, nil
for _, id in ipairs(waiting) do
  local found = redis.call('HMGET', records .. id, 'waits', 'members', 'joins')
  local waits = tonumber(found[1] or 0)
  if waits > now then
    held_until = math.min(waits, held_until or waits)
    for member in each_id(found[2]) do held_back[member] = found[3] == '1' and 'joins' or 'waits' end
  end
end
if held_until then
  local left = {}
  for _, id in ipairs(waiting) do
    if not held_back[id] then free = free + 1 end
    if held_back[id] ~= 'waits' then left[#left + 1] = id end
  end
  if free == 0 then return {'LATER', held_until - now} end
  waiting = left
end

local hurried = false
if #waiting > 0 then
  -- After an edit the turn waits for its pause to end, unless another message would have to wait as well. That exception
  -- counts once per pause: else a person who keeps editing would be answered each time.
  local found = redis.call('HMGET', records .. waiting[1], 'state', 'hold', 'members', 'hurried')
  local hold = tonumber(found[2] or 0)
  if hold > now and found[1] ~= 'committed' then
    local alone = true
    for _, id in ipairs(waiting) do alone = alone and lists(found[3], id) end
    if alone or found[4] == found[2] then return {'LATER', hold - now} end
    hurried = found[2]
  end
end

local token, expires = held[1], tonumber(held[3] or 0)
if now < expires then
  if held[2] ~= owner then return {'HELD', expires - now} end
else
  token = next_token(token)
end
redis.call('HSET', lease, 'token', token, 'owner', owner, 'expires', integer(now + tonumber(lease_ms)))
redis.call('EXPIRE', lease, 86400)
if hurried then redis.call('HSET', records .. waiting[1], 'hurried', hurried) end
local known = redis.call('HGETALL', meta)

if #waiting == 0 then
  local turn = reconcile[1]
  return {'RECONCILE', token, known, turn, redis.call('HGETALL', records .. turn),
    redis.call('GET', results .. turn) or '', {}, {}, 0, {}, reconcile[2]}
end

local turn = waiting[1]
for _, id in ipairs(waiting) do
  -- A listing may have brought an older message late: a reply that may be visible already is finished first.
  local state = redis.call('HGET', records .. id, 'state')
  if state == 'posting' or state == 'posted' or state == 'committed' then
    turn = id
    break
  end
end
local record = records .. turn
local members = {}
local started = redis.call('HGET', record, 'members')
if started and redis.call('HGET', record, 'state') ~= 'claimed' then
  for id in each_id(started) do members[#members + 1] = id end
else
  -- Nothing of a reply is visible yet, so every message that waits joins the turn.
  for i = 1, math.min(#waiting, tonumber(max_messages)) do
    members[i] = waiting[i]
    -- A message from a listing may have been answered before.
    if redis.call('HGET', records .. waiting[i], 'source') == 'listing' then
      redis.call('HSET', record, 'source', 'listing')
    end
    -- A turn whose delay people were told of may become a part of one that begins with an older message.
    local notice = redis.call('HGET', records .. waiting[i], 'sign')
    if notice then redis.call('HSETNX', record, 'sign', notice) end
  end
  redis.call('HSET', record, 'state', AFTER, 'members', table.concat(members, ' '))
end
local before = redis.call('HGET', record, 'claimed_by')
if before ~= token then
  -- The cost of an attempt that has recorded none is not known.
  if before and redis.call('HEXISTS', record, 'spent:' .. before) == 0 then
    redis.call('HINCRBY', record, 'lost', 1)
  end
  redis.call('HSETNX', record, 'first_token', token)
  redis.call('HINCRBY', record, 'tries', 1)
  redis.call('HSET', record, 'claimed_by', token, 'began', integer(now))
end

local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', records .. id, 'payload') or ''
end
local window_start = tonumber(redis.call('HGET', meta, 'cut') or 0)
if window_start > redis.call('LLEN', history) then
  -- The history has expired, or was evicted, before the conversation's other keys.
  window_start = 0
  redis.call('HSET', meta, 'cut', 0)
  known = redis.call('HGETALL', meta)
end
local recalled = {}
for index in each_id(redis.call('HGET', meta, 'places')) do
  local entry = tonumber(index) < window_start and redis.call('LINDEX', history, index)
  if entry then recalled[#recalled + 1] = entry end
end
return {'OPEN', token, known, turn, redis.call('HGETALL', record), redis.call('GET', results .. turn) or '',
  messages, redis.call('LRANGE', history, window_start, -1), #waiting - #members, recalled, ''}
