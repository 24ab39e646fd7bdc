--!df flags=allow-undeclared-keys
-- Replace a reservation by what its request has used. `used` are triples: a counter, the amount, and its time to live
-- (s). A repeated call counts once; a reservation that was given back meanwhile, or that the store has
-- forgotten, counts as well. What is `counted` is a message, of which further attempts at the answer count none.
-- Returns {'ROLLED_BACK'}, or {'OK', number, settled, reserved, told, ...}.
local number = numbered(calls, server, seen, restore_ms)
if not number then return {'ROLLED_BACK'} end
give_back_expired(open)
local state = redis.call('HGET', record, id)
if state ~= 'settled' and state ~= 'counted' then
  give_back(open, record, id)
  for i = 1, #used, 3 do
    if used[i + 1] ~= '0' then add_part(used[i], instance, used[i + 1], used[i + 2]) end
  end
  redis.call('HSET', record, id, counted == '1' and 'counted' or 'settled')
  local is_open = false
  for _, held in ipairs(redis.call('HVALS', record)) do is_open = is_open or string.sub(held, 1, 5) == 'open ' end
  if not is_open then redis.call('EXPIRE', record, record_s) end
end
local answer = {'OK', number}
for i = 1, #used, 3 do append_use(answer, used[i]) end
return answer
