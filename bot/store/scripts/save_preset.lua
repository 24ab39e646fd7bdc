-- Store a named prompt, unless there are `most` others.
-- Returns 1, or 0 without a change.
if redis.call('HEXISTS', presets, preset_name) == 0 and redis.call('HLEN', presets) >= tonumber(most) then return 0 end
redis.call('HSET', presets, preset_name, preset)
return 1
