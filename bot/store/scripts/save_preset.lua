-- Store a named prompt in place of those in the fields `replaced`, unless there are `most` others.
-- Returns 1, or 0 without a change.
local others = redis.call('HLEN', presets)
for _, field in ipairs(replaced) do
  if field ~= id then others = others - redis.call('HEXISTS', presets, field) end
end
if redis.call('HEXISTS', presets, id) == 0 and others >= tonumber(most) then return 0 end
for _, field in ipairs(replaced) do redis.call('HDEL', presets, field) end
redis.call('HSET', presets, id, preset)
return 1
