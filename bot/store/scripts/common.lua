-- Helpers that stand in front of every script.
-- Before them stand the names of the script's KEYS and ARGV, and the states that bot/store/states.py gives the step.

local function holds_lease()
  return redis.call('HGET', lease, 'token') == token
end

local function now_ms()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

-- Lua writes large numbers with an exponent.
local function integer(number)
  return string.format('%d', number)
end

-- A fencing token that is larger than every earlier one, also than those that a rollback of the store has forgotten.
local function next_token(token)
  return integer(math.max(now_ms(), tonumber(token or 0) + 1))
end

-- Ids as text: a snowflake has more digits than a number of Lua holds.
local function is_earlier(id, other)
  return #id < #other or (#id == #other and id < other)
end

local function each_id(text)
  return string.gmatch(text or '', '%d+')
end

-- Note the messages that show a reply, of which a store that went back may have lost some.
local function note_parts(record, parts)
  local part = 0
  for id in each_id(parts) do
    redis.call('HSET', record, 'reply:' .. part, id)
    part = part + 1
  end
end

local function lists(text, id)
  return string.find(' ' .. (text or '') .. ' ', ' ' .. id .. ' ', 1, true) ~= nil
end

-- Whether the messages of a turn that has begun are held back.
local function is_held_back(record)
  return tonumber(redis.call('HGET', record, 'waits') or 0) > now_ms()
end

-- Note an administrative act in an audit log, whose entries live `audit_s`. False if it is among the latest entries: a
-- repeated call.
local function note_act(audit, audit_s, interaction, person, scope, target, what, before, after)
  for _, entry in ipairs(redis.call('XREVRANGE', audit, '+', '-', 'COUNT', 20)) do
    local fields = {}
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
    if fields.interaction == interaction and fields.what == what and fields.target == target then return false end
  end
  local oldest = integer(now_ms() - audit_s * 1000)
  redis.call(
    'XADD', audit, 'MINID', oldest, '*', 'interaction', interaction, 'person', person, 'scope', scope,
    'target', target, 'what', what, 'before', before, 'after', after
  )
  redis.call('EXPIRE', audit, audit_s)
  return true
end

-- Add to a person's score of abuse, which halves every `half_life_ms`. Above `most` (0: never) the person is paused
-- until half of `most` would be left; bot/conversation/abuse_score.py says the same.
local function add_abuse(abuse, weight, now, half_life_ms, most, abuse_s)
  local found = redis.call('HMGET', abuse, 'score', 'at', 'until')
  local at = tonumber(found[2] or 0)
  local score = tonumber(found[1] or 0) * 2 ^ (-math.max(0, now - at) / half_life_ms) + weight
  redis.call('HSET', abuse, 'score', string.format('%.17g', score), 'at', integer(math.max(now, at)))
  -- A pause that is under way stays as the person was told of it.
  if most > 0 and score > most and tonumber(found[3] or 0) <= now then
    local pause = math.ceil(half_life_ms * math.log(2 * score / most) / math.log(2))
    redis.call('HSET', abuse, 'since', integer(now), 'until', integer(now + pause))
  end
  redis.call('EXPIRE', abuse, abuse_s)
end

-- The id of this run of the server: after a failover or a restart, which may lose writes, another one. Empty where a
-- script may not ask for it.
local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
end

-- Note a call of an instance to the budgets: the number of its calls, or false if the store may have lost writes: calls
-- of the `seen` ones, or another server answers than before. Reservations then wait for `restore_ms`, in which every
-- instance restores what it has seen. The number outlives every counter.
local function numbered(calls, server, seen, restore_ms)
  local run = run_id()
  if seen == '0' then redis.call('HSETNX', server, 'run', run) end
  if tonumber(redis.call('GET', calls) or 0) < tonumber(seen) or redis.call('HGET', server, 'run') ~= run then
    local now = now_ms()
    if tonumber(redis.call('HGET', server, 'until') or 0) <= now then
      redis.call('HSET', server, 'until', integer(now + tonumber(restore_ms)))
    end
    redis.call('EXPIRE', server, 3456000)
    return false
  end
  local number = redis.call('INCR', calls)
  redis.call('EXPIRE', calls, 3456000)
  redis.call('EXPIRE', server, 3456000)
  return number
end

-- The fields of a hash.
local function fields_of(key)
  local found, fields = redis.call('HGETALL', key), {}
  for i = 1, #found, 2 do fields[found[i]] = found[i + 1] end
  return fields
end

-- Take a reservation off its counters, if it is open.
local function give_back(open, record, id)
  local held = redis.call('HGET', record, id) or ''
  redis.call('ZREM', open, record .. ' ' .. id)
  if string.sub(held, 1, 5) ~= 'open ' then return end
  for counter, amount in string.gmatch(string.sub(held, 6), '(%S+) (%d+)') do
    if redis.call('EXISTS', counter) == 1 then redis.call('HINCRBY', counter, 'reserved', '-' .. amount) end
  end
  redis.call('HSET', record, id, 'returned')
end

-- Give back the reservations of workers that are gone: those whose time is over.
local function give_back_expired(open)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', open, '-inf', integer(now_ms()), 'LIMIT', 0, 100)) do
    local record, id = string.match(member, '^(%S+) (%S+)$')
    give_back(open, record, id)
  end
end

-- What was settled of a counter, by instance. `settled` holds the sum, a field `by:<instance>` the part of each; the rest
-- of the sum, here of the instance '', was settled by the release before, which writes the sum alone.
local function parts_of(counter)
  local parts, rest, found = {}, 0, redis.call('HGETALL', counter)
  for i = 1, #found, 2 do
    local instance = string.match(found[i], '^by:(.+)$')
    if instance then
      parts[instance] = tonumber(found[i + 1])
      rest = rest - parts[instance]
    elseif found[i] == 'settled' then
      rest = rest + tonumber(found[i + 1])
    end
  end
  if rest > 0 then parts[''] = rest end
  return parts
end

-- Add to what an instance has settled of a counter, which lives for `ttl_s` from now on.
local function add_part(counter, instance, amount, ttl_s)
  redis.call('HINCRBY', counter, 'settled', integer(amount))
  if instance ~= '' then redis.call('HINCRBY', counter, 'by:' .. instance, integer(amount)) end
  redis.call('EXPIRE', counter, ttl_s)
end

-- What of a counter is used up: settled, reserved, and the share that the admins were told of.
local function use_of(counter)
  local found = redis.call('HMGET', counter, 'settled', 'reserved', 'told')
  return tonumber(found[1] or 0), tonumber(found[2] or 0), tonumber(found[3] or 0)
end

-- Append to an answer what of a counter is used up: what was settled, as `<instance>:<amount>` of each instance,
-- reserved, and the share told.
local function append_use(answer, counter)
  local _, reserved, told = use_of(counter)
  local written = {}
  for instance, amount in pairs(parts_of(counter)) do written[#written + 1] = instance .. ':' .. integer(amount) end
  answer[#answer + 1] = table.concat(written, ' ')
  answer[#answer + 1] = integer(reserved)
  answer[#answer + 1] = told
end

-- Add to one row of a usage: counts, of which earlier versions wrote fewer, then the first turn of the row, which stays.
local function add_usage(usage, row, counts)
  local added, known, sums = {}, {}, {}
  for count in string.gmatch(counts, '%d+') do added[#added + 1] = count end
  for count in string.gmatch(redis.call('HGET', usage, row) or '', '%d+') do known[#known + 1] = count end
  local turn = table.remove(added)
  turn = table.remove(known) or turn
  for i = 1, math.max(#added, #known) do
    sums[i] = integer(tonumber(added[i] or 0) + tonumber(known[i] or 0))
  end
  sums[#sums + 1] = turn
  redis.call('HSET', usage, row, table.concat(sums, ' '))
end

-- Record the usage of an attempt: the `place`, then rows and their counts in turn. Nothing where nothing was used.
local function record_usage(usage, usage_s, used)
  if #used == 0 then return end
  redis.call('HSET', usage, 'place', used[1])
  for i = 2, #used, 2 do add_usage(usage, used[i], used[i + 1]) end
  redis.call('EXPIRE', usage, usage_s)
end
