-- Begin a conversation with copied entries, once. A turn that runs there, because somebody wrote before the copy, is
-- fenced off, so that it begins again with the entries. `items` are `pairs` names and values of fields, then entries.
-- Returns 1, also if that was done before, or 0 if the conversation has entries of its own.
if redis.call('HGET', meta, 'branch_of') == branch_of then return 1 end
if redis.call('EXISTS', history) == 1 then return 0 end
if redis.call('EXISTS', lease) == 1 then
  local next = next_token(redis.call('HGET', lease, 'token'))
  redis.call('HSET', lease, 'token', next, 'owner', '', 'expires', '0', 'due', '0')
end
redis.call('HSET', meta, 'branch_of', branch_of, 'cut', '0')
local fields = 2 * tonumber(pairs_count)
for i = 1, fields, 2 do redis.call('HSET', meta, items[i], items[i + 1]) end
for i = fields + 1, #items do redis.call('RPUSH', history, items[i]) end
for _, key in ipairs({history, meta}) do redis.call('EXPIRE', key, ttl_s) end
return 1
