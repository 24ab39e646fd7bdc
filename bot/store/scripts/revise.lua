--!df flags=allow-undeclared-keys
-- A message was edited or deleted on Discord. A running turn is fenced off: the turn begins again with its remaining
-- messages, as after a crash. `payload` is '' for a deletion. An edit that `amends` changes the message alone.
-- Returns {what was found, id of the message's turn or ''}: 'UNKNOWN', 'SAME' (nothing new; with the turn that is
-- just being finished if the message was deleted before), 'LATER' (an edit while the turn is just being finished),
-- 'WAITING' (not answered yet), 'ANSWERING', 'LAST' (answered by the last turn), 'OLD' (in the history).
local record = records .. message
local state = redis.call('HGET', record, 'state')
if not state then return {'UNKNOWN', ''} end
if state == 'cancelled' then return {'SAME', ''} end
local deleted = payload == ''
local held = redis.call('HGET', record, 'payload')
local edited = tonumber(redis.call('HGET', record, 'edited') or 0)
if amends == '1' then
  if tonumber(edited_ms) < edited then return {'SAME', ''} end
  if held then redis.call('HSET', record, 'payload', payload, 'edited', edited_ms) end
  return {'OLD', ''}
end
-- A message that was edited back: an older edit that comes late must not count.
if held == payload and tonumber(edited_ms) > edited then redis.call('HSET', record, 'edited', edited_ms) end
if not deleted and (held == payload or tonumber(edited_ms) <= edited) then return {'SAME', ''} end

if state == 'done' then
  local turn = redis.call('HGET', record, 'turn') or message
  if deleted then
    redis.call('HDEL', record, 'payload', 'payer', 'timeline')
    return {'OLD', turn}
  end
  local last = redis.call('HGET', meta, 'last') == turn and redis.call('ZCARD', pending) == 0
  return {(last and held) and 'LAST' or 'OLD', turn}
end

local turn, turn_state = '', nil
for _, id in ipairs(redis.call('ZRANGE', pending, 0, -1)) do
  local found = redis.call('HMGET', records .. id, 'state', 'members')
  if found[1] ~= 'received' and lists(found[2], message) then
    turn, turn_state = id, found[1]
    break
  end
end
-- Nobody works on messages that are held back: the turn that runs is another one.
local is_held = turn_state ~= nil and is_held_back(records .. turn)
-- An edit that arrives after the deletion, as from a bot whose gateway lags, must not bring the message back.
if not held then return {'SAME', turn_state == 'committed' and turn or ''} end
if turn_state == 'committed' then
  if not deleted then return {'LATER', turn} end
  -- The lease holder shows what is committed, and does not need the message any more.
  redis.call('HDEL', record, 'payload')
  return {'OLD', turn}
end

if not deleted then
  redis.call('HSET', record, 'payload', payload, 'edited', edited_ms)
else
  redis.call('HDEL', record, 'payload')
  if turn_state ~= nil then redis.call('HDEL', records .. turn, 'hold', 'waits') end
  local left = false
  for id in each_id(turn_state and redis.call('HGET', records .. turn, 'members')) do
    left = left or redis.call('HEXISTS', records .. id, 'payload') == 1
  end
  if not left then redis.call('HDEL', lease, 'due') end  -- the reply that waits for Discord is not shown any more
  if turn_state == nil or (turn_state == 'claimed' and redis.call('HEXISTS', records .. turn, 'sign') == 0) then
    -- Neither a part of the reply nor a notice of a delay is visible, so nothing needs the message's record.
    redis.call('ZREM', pending, message)
    redis.call('HSET', record, 'state', AFTER)
    redis.call('EXPIRE', record, done_s)
  end
end
if turn_state == nil or is_held then return {'WAITING', ''} end
redis.call('HSET', records .. turn, 'tries', '0')
redis.call('HDEL', records .. turn, 'claimed_by', 'stop', 'more', 'lost', 'first_token')
local next = next_token(redis.call('HGET', lease, 'token'))
redis.call('HSET', lease, 'token', next, 'owner', '', 'expires', '0')
redis.call('EXPIRE', lease, 86400)
return {'ANSWERING', turn}
