-- Note that older replies have no buttons any more.
-- Returns 1.
local left = {}
for id in each_id(redis.call('HGET', meta, 'stale')) do
  if not lists(table.concat(messages, ' '), id) then left[#left + 1] = id end
end
set_list(meta, 'stale', left)
return 1
