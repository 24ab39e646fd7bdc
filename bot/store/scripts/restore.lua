--!df flags=allow-undeclared-keys
-- Raise counters to what an instance has seen of them before the store went back. `floors` are triples: a counter, what
-- was settled, and its time to live (s). Counting goes on from the `seen` calls.
-- Returns 1.
for i = 1, #floors, 3 do
  local settled = use_of(floors[i])
  if settled < tonumber(floors[i + 1]) then
    redis.call('HSET', floors[i], 'settled', floors[i + 1])
    redis.call('EXPIRE', floors[i], floors[i + 2])
  end
end
if tonumber(redis.call('GET', calls) or 0) < tonumber(seen) then redis.call('SET', calls, seen, 'EX', 86400) end
return 1
