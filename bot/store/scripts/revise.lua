--!df flags=allow-undeclared-keys
-- A message was edited or deleted on Discord. A turn that is being answered is fenced off: it begins anew with what is
-- left of its messages, as after a crash.
-- KEYS 1 lease (hash)  2 pending (sorted set)  3 meta (hash)
-- ARGV 1 prefix of the records  2 the message, padded  3 payload, '' if it was deleted  4 when it was edited, in ms
--      5 lifetime of what is done in s
-- Returns {what, lead of its turn or ''}: 'UNKNOWN', 'SAME' (nothing new), 'LATER' (an edit, and the turn is just being
-- finished), 'WAITING' (not answered yet), 'ANSWERING', 'LAST' (answered by the last turn), 'OLD' (in the history).
local record = ARGV[1] .. ARGV[2]
local state = redis.call('HGET', record, 'state')
if not state then return {'UNKNOWN', ''} end
if state == 'cancelled' then return {'SAME', ''} end
local deleted = ARGV[3] == ''
local payload = redis.call('HGET', record, 'payload')
local edited = tonumber(redis.call('HGET', record, 'edited') or 0)
if not deleted and (payload == ARGV[3] or tonumber(ARGV[4]) <= edited) then return {'SAME', ''} end

if state == 'done' then
  local lead = redis.call('HGET', record, 'turn') or ARGV[2]
  if deleted then
    redis.call('HDEL', record, 'payload')
    return {'OLD', lead}
  end
  local last = redis.call('HGET', KEYS[3], 'last') == lead and redis.call('ZCARD', KEYS[2]) == 0
  return {(last and payload) and 'LAST' or 'OLD', lead}
end

local lead, turn_state = '', nil
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local found = redis.call('HMGET', ARGV[1] .. id, 'state', 'members')
  if found[1] ~= 'received' and string.find(' ' .. (found[2] or '') .. ' ', ' ' .. ARGV[2] .. ' ', 1, true) then
    lead, turn_state = id, found[1]
    break
  end
end
-- It was deleted before: an edit that is told late, as by a bot whose gateway lags, must not bring it back.
if not payload then return {'SAME', lead} end
if turn_state == 'committed' then
  if not deleted then return {'LATER', lead} end
  -- Whoever finishes it shows what is committed, and needs the message no more.
  redis.call('HDEL', record, 'payload')
  return {'OLD', lead}
end

if not deleted then
  redis.call('HSET', record, 'payload', ARGV[3], 'edited', ARGV[4])
else
  redis.call('HDEL', record, 'payload')
  if turn_state ~= nil then redis.call('HDEL', ARGV[1] .. lead, 'hold') end
  local left = false
  for id in string.gmatch(turn_state and redis.call('HGET', ARGV[1] .. lead, 'members') or '', '%d+') do
    left = left or redis.call('HEXISTS', ARGV[1] .. id, 'payload') == 1
  end
  if not left then redis.call('HDEL', KEYS[1], 'due') end  -- what is waited for is not shown any more
  if turn_state == nil or (turn_state == 'claimed' and redis.call('HEXISTS', ARGV[1] .. lead, 'sign') == 0) then
    -- Nothing of an answer is visible, nor a word that it comes later, so nothing needs its record.
    redis.call('ZREM', KEYS[2], ARGV[2])
    redis.call('HSET', record, 'state', 'cancelled')
    redis.call('EXPIRE', record, ARGV[5])
  end
end
if turn_state == nil then return {'WAITING', ''} end
redis.call('HSET', ARGV[1] .. lead, 'tries', '0')
redis.call('HDEL', ARGV[1] .. lead, 'claimed_by', 'stop', 'more')
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local token = math.max(now, tonumber(redis.call('HGET', KEYS[1], 'token') or 0) + 1)
redis.call('HSET', KEYS[1], 'token', string.format('%d', token), 'owner', '', 'expires', '0')
redis.call('EXPIRE', KEYS[1], 86400)
return {'ANSWERING', lead}
