--!df flags=allow-undeclared-keys
-- Let what has been heard since join the turn, as long as nothing of its reply is visible. State: claimed.
-- KEYS 1 lease (hash)  2 record of the turn (hash)  3 pending (sorted set)
-- ARGV 1 token  2 prefix of the records  3 most messages to a turn  4 lead, padded
-- Returns {'FENCED'}, {'LATE'} once a part has been journalled, or {'OK', {id, payload, ...}}.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
local state = redis.call('HGET', KEYS[2], 'state')
if not state then return {'FENCED'} end
if state ~= 'claimed' then return {'LATE'} end
local had = ' ' .. (redis.call('HGET', KEYS[2], 'members') or '') .. ' '
local members = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  -- What a listing brings may be older, or have been answered before: that takes a look, and so a turn of its own.
  local fresh = id > ARGV[4] and redis.call('HGET', ARGV[2] .. id, 'source') ~= 'listing'
  if (fresh or string.find(had, ' ' .. id .. ' ', 1, true)) and #members < tonumber(ARGV[3]) then
    members[#members + 1] = id
  end
end
redis.call('HSET', KEYS[2], 'members', table.concat(members, ' '))
local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', ARGV[2] .. id, 'payload') or ''
end
return {'OK', messages}
