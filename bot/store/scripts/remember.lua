-- Keep a fact of a person, unless the place has `most` others, or `most_of_person` of the person.
-- Returns 1, or without a change 0 if the place is full, -1 if the person's share is.
if redis.call('HEXISTS', facts, fact_name) == 0 then
  local names = redis.call('HKEYS', facts)
  if #names >= tonumber(most) then return 0 end
  local own = 0
  for _, name in ipairs(names) do
    if string.sub(name, 1, #person + 1) == person .. ':' then own = own + 1 end
  end
  if own >= tonumber(most_of_person) then return -1 end
  redis.call('HSET', facts, fact_name, fact)
end
redis.call('EXPIRE', facts, ttl_s)
return 1
