-- Take one of a person's places for turns that run at the same time, or wait for one. Who waits is let in by the order
-- of the messages. A turn that has a place keeps it; a place and a wait that nobody takes back end by themselves.
-- Returns {1}, or {0, 1 if no other turn of the person waits and this one did not}.
local now, running, ahead, others = now_ms(), 0, 0, 0
local own = ''
local found = redis.call('HGETALL', places)
for i = 1, #found, 2 do
  local state, order, ends = string.match(found[i + 1], '^(%a+) (%d+) (%d+)$')
  if not ends or tonumber(ends) < now then
    redis.call('HDEL', places, found[i])
  elseif found[i] == conversation then
    own = state
  elseif state == 'run' then
    running = running + 1
  else
    others = others + 1
    if is_earlier(order, turn) then ahead = ahead + 1 end
  end
end
if own == 'run' or running + ahead < tonumber(most) then
  redis.call('HSET', places, conversation, 'run ' .. turn .. ' ' .. integer(now + place_s * 1000))
  redis.call('EXPIRE', places, place_s)
  return {1}
end
redis.call('HSET', places, conversation, 'wait ' .. turn .. ' ' .. integer(now + wait_s * 1000))
redis.call('EXPIRE', places, place_s)
return {0, own == '' and others == 0 and 1 or 0}
