--!df flags=allow-undeclared-keys
-- Raise counters to what an instance has seen of them before the store went back. `floors` are fours: a counter, an
-- instance, what was settled by the requests of that instance, and the counter's time to live (s). Counting goes on from
-- the `seen` calls; an instance that has `noticed` the rollback by itself knows the server from now on.
-- Returns how many parts were raised.
local raised = 0
for i = 1, #floors, 4 do
  local missing = tonumber(floors[i + 2]) - (parts_of(floors[i])[floors[i + 1]] or 0)
  if missing > 0 then
    add_part(floors[i], floors[i + 1], missing, floors[i + 3])
    raised = raised + 1
  end
end
if tonumber(redis.call('GET', calls) or 0) < tonumber(seen) then redis.call('SET', calls, seen, 'EX', 3456000) end
if noticed == '1' then
  redis.call('HSET', server, 'run', run_id())
  redis.call('EXPIRE', server, 3456000)
end
return raised
