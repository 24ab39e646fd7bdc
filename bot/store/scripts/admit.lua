-- Admit a message of a person, or say why it is not admitted. A repeated call for a message gives the same answer and
-- counts nothing. The message is as of `at_ms`: a listing brings messages from before.
-- Returns {'ADMITTED'}, {'PAUSED', until ms, 1 if nobody has said so} or {'THREADS', until ms, 1 if nobody has said so
-- in this minute}.
local at, most = tonumber(at_ms), tonumber(most_threads)
local left_out = 'x' .. message

local function paused()
  local found = redis.call('HMGET', abuse, 'since', 'until', 'told')
  if not found[2] or at < tonumber(found[1]) or at >= tonumber(found[2]) then return nil end
  if found[3] ~= found[2] then redis.call('HSET', abuse, 'told', found[2]) end
  return {'PAUSED', tonumber(found[2]), found[3] ~= found[2] and 1 or 0}
end

if opens_thread == '' or most == 0 then return paused() or {'ADMITTED'} end
if redis.call('ZSCORE', threads, message) then return {'ADMITTED'} end
local pause = paused()
if pause then return pause end
local window = 60000
local opened = {}
-- Of two instances one may be a little ahead.
for i, each in ipairs(redis.call('ZRANGEBYSCORE', threads, '(' .. integer(at - window), integer(at + 5000), 'WITHSCORES')) do
  if i % 2 == 0 and opened[#opened] == '' then opened[#opened] = tonumber(each)
  elseif i % 2 == 1 and string.sub(each, 1, 1) ~= 'x' then opened[#opened + 1] = '' end
end
local known = redis.call('ZSCORE', threads, left_out)
if not known and #opened < most then
  redis.call('ZADD', threads, at_ms, message)
  redis.call('ZREMRANGEBYRANK', threads, 0, -1001)
  redis.call('EXPIRE', threads, threads_s)
  return {'ADMITTED'}
end
local free = #opened < most and at + window or opened[#opened - most + 1] + window
if not known then
  redis.call('ZADD', threads, at_ms, left_out)
  redis.call('EXPIRE', threads, threads_s)
  add_abuse(abuse, tonumber(weight), at, tonumber(half_life_ms), tonumber(most_abuse), abuse_s)
  pause = paused()
  if pause then return pause end
end
local told = tonumber(redis.call('HGET', abuse, 'threads_told') or 0)
local is_first = at >= told and not known
if is_first then
  redis.call('HSET', abuse, 'threads_told', integer(at + window))
  redis.call('EXPIRE', abuse, abuse_s)
end
return {'THREADS', free, is_first and 1 or 0}
