--!df flags=allow-undeclared-keys
-- Reserve the most that a request may use on every counter that applies, or on none if a counter is full. `limits` are
-- sixes: a counter, its most, the amount, its time to live (s), when it renews (s), and '1' if an answer counts once,
-- however many attempts it takes. A repeated call reserves once.
-- A `forced` reservation was made before and may have been lost: it needs no room.
-- Returns {'ROLLED_BACK'}, {'WAIT', number, ms} while instances restore what a rollback has lost, {'KNOWN'} for a forced
--   one that the store still knows, {'FULL', number, index, '1' if the person is to be told of it, settled, reserved,
--   told, ...}, or {'OK', number, '1' if the answer has counted before, settled, reserved, told, ...}.
local number = 0
if forced ~= '1' then
  number = numbered(calls, server, seen, restore_ms)
  if not number then return {'ROLLED_BACK'} end
  local wait = tonumber(redis.call('HGET', server, 'until') or 0) - now_ms()
  if wait > 0 then return {'WAIT', number, wait} end
elseif (redis.call('HGET', record, id) or 'returned') ~= 'returned' then
  return {'KNOWN'}
end
give_back_expired(open)
-- Of an earlier attempt at the turn, by its token, nobody waits for an answer any more.
for _, other in ipairs(redis.call('HKEYS', record)) do
  if tonumber(string.match(other, '^%d+')) < tonumber(string.match(id, '^%d+')) then give_back(open, record, other) end
end

local state = redis.call('HGET', record, id) or 'returned'
local counted = false
for other, held in pairs(fields_of(record)) do
  counted = counted or (held == 'counted' and other ~= id and string.match(other, '%d+$') == string.match(id, '%d+$'))
end
local full = 0
for i = 1, #limits, 6 do
  local spared = counted and limits[i + 5] == '1'
  if spared then limits[i + 2] = '0' end
  local settled, reserved = use_of(limits[i])
  if not spared and settled + reserved >= tonumber(limits[i + 1]) and (full == 0 or tonumber(limits[i + 4]) > tonumber(limits[full + 4])) then
    full = i
  end
end
local answer = {'OK', number, counted and '1' or ''}
if state == 'returned' and (full == 0 or forced == '1') then
  -- What is open must be known for as long as a counter holds it.
  local held, life = 'open', tonumber(record_s)
  for i = 1, #limits, 6 do
    if limits[i + 2] ~= '0' then
      redis.call('HINCRBY', limits[i], 'reserved', limits[i + 2])
      redis.call('EXPIRE', limits[i], limits[i + 3])
      held = held .. ' ' .. limits[i] .. ' ' .. limits[i + 2]
      life = math.max(life, tonumber(limits[i + 3]))
    end
  end
  redis.call('HSET', record, id, held .. ' ')
  redis.call('ZADD', open, integer(now_ms() + tonumber(lease_ms)), record .. ' ' .. id)
  for _, key in ipairs({record, open}) do
    if redis.call('TTL', key) < life then redis.call('EXPIRE', key, life) end
  end
elseif state == 'returned' then
  -- Once per person and window; a repeated attempt at the same turn tells it again.
  local line = 'line:' .. person
  redis.call('HSETNX', limits[full], line, turn)
  local tell = redis.call('HGET', limits[full], line) == turn and '1' or ''
  answer = {'FULL', number, (full - 1) / 6, tell}
end
for i = 1, #limits, 6 do append_use(answer, limits[i]) end
return answer
