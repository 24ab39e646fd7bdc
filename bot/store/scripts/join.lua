--!df flags=allow-undeclared-keys
-- Let messages that arrived since the claim join the turn, as long as nothing of its reply is visible.
-- Returns {'LATE'} once a part has been journalled, or {'OK', {id, payload, ...}}.
if not holds_lease() then return 'FENCED' end
local state = redis.call('HGET', record, 'state')
if not state then return 'FENCED' end
if not UNCHANGED[state] then return {'LATE'} end
local had = redis.call('HGET', record, 'members')
local members = {}
for _, id in ipairs(redis.call('ZRANGE', pending, 0, -1)) do
  -- A message from a listing may be older, or have been answered before. To find out takes a turn of its own.
  local fresh = id > turn and redis.call('HGET', records .. id, 'source') ~= 'listing'
  if (fresh or lists(had, id)) and #members < tonumber(max_messages) then members[#members + 1] = id end
end
redis.call('HSET', record, 'members', table.concat(members, ' '))
local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', records .. id, 'payload') or ''
end
return {'OK', messages}
