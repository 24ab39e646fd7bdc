-- Note a decision about messages of a channel. Decisions about messages before the id `oldest` are removed, and of the
-- others those about the oldest messages beyond `most`.
-- Returns how many decisions are known.
for _, message in ipairs(messages) do redis.call('HSET', decisions, message, decision) end
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
