-- Note a decision about messages of a channel, except those whose decision holds the text `final`. Decisions about
-- messages before the id `oldest` are removed, and of the others those about the oldest messages beyond `most`.
-- Returns how many decisions are known.
for _, message in ipairs(messages) do
  local held = redis.call('HGET', decisions, message)
  if not (held and string.find(held, final, 1, true)) then redis.call('HSET', decisions, message, decision) end
end
local ids = redis.call('HKEYS', decisions)
table.sort(ids, function(one, other) return is_earlier(other, one) end)
local known = 0
for place, id in ipairs(ids) do
  if place > tonumber(most) or is_earlier(id, oldest) then
    redis.call('HDEL', decisions, id)
  else
    known = known + 1
  end
end
redis.call('EXPIRE', decisions, ttl_s)
return known
