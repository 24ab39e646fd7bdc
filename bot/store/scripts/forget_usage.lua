-- Take a person's name off the usage of a conversation's day: the counts go on to nobody's.
-- Returns the number of rows that had the name.
local forgotten = 0
for _, field in ipairs(redis.call('HKEYS', usage)) do
  local model = string.match(field, '^' .. person .. ' (.+)$')
  if model then
    add_usage(usage, '0 ' .. model, redis.call('HGET', usage, field))
    redis.call('HDEL', usage, field)
    forgotten = forgotten + 1
  end
end
return forgotten
