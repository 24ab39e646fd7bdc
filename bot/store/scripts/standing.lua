--!df flags=allow-undeclared-keys
-- Read how a conversation stands: the turn that is being answered, and the last one that is done.
-- KEYS 1 pending (sorted set)  2 meta (hash)
-- ARGV 1 prefix of the records
-- Returns {lead or '', fields, {author or '', payload or '', ...}} of the one, the same of the other, and how many messages wait.
local function told(lead)
  local asked = {}
  local members = redis.call('HGET', ARGV[1] .. lead, 'members') or lead
  for id in string.gmatch(members, '%d+') do
    local found = redis.call('HMGET', ARGV[1] .. id, 'author', 'payload')
    asked[#asked + 1] = found[1] or ''
    asked[#asked + 1] = found[2] or ''
  end
  return {lead, redis.call('HGETALL', ARGV[1] .. lead), asked}
end
local waiting = redis.call('ZRANGE', KEYS[1], 0, -1)
local answering = {'', {}, {}}
for _, id in ipairs(waiting) do
  local state = redis.call('HGET', ARGV[1] .. id, 'state')
  if state and state ~= 'received' then
    answering = told(id)
    break
  end
end
local last = redis.call('HGET', KEYS[2], 'last')
return {answering, last and told(last) or {'', {}, {}}, #waiting}
