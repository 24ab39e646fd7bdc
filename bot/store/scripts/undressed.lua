-- Note that a reply of before has no buttons any more.
-- KEYS 1 meta (hash)
-- ARGV 1... ids of the messages
-- Returns 1.
local left = ' ' .. (redis.call('HGET', KEYS[1], 'stale') or '') .. ' '
for _, id in ipairs(ARGV) do
  local from, to = string.find(left, ' ' .. id .. ' ', 1, true)
  if from then left = string.sub(left, 1, from) .. string.sub(left, to + 1) end
end
left = string.gsub(string.gsub(left, '^ +', ''), ' +$', '')
if left == '' then redis.call('HDEL', KEYS[1], 'stale') else redis.call('HSET', KEYS[1], 'stale', left) end
return 1
