--!df flags=allow-undeclared-keys
-- Let everything that waits by now join the turn, as long as nothing of its reply is visible. State: claimed.
-- KEYS 1 lease (hash)  2 record of the turn (hash)  3 pending (sorted set)
-- ARGV 1 token  2 prefix of the records  3 most messages to a turn
-- Returns {'FENCED'}, {'LATE'} once a part has been journalled, or {'OK', {id, payload, ...}}.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
local state = redis.call('HGET', KEYS[2], 'state')
if not state then return {'FENCED'} end
if state ~= 'claimed' then return {'LATE'} end
local members = redis.call('ZRANGE', KEYS[3], 0, tonumber(ARGV[3]) - 1)
redis.call('HSET', KEYS[2], 'members', table.concat(members, ' '))
local messages = {}
for _, id in ipairs(members) do
  messages[#messages + 1] = id
  messages[#messages + 1] = redis.call('HGET', ARGV[2] .. id, 'payload') or ''
end
return {'OK', messages}
