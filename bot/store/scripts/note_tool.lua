-- Note a step of the running turn's tools: what was called or answered, that an effect has begun, how it ended.
-- From now on no message joins the turn: what a tool has done belongs to those that it has.
-- A field that is set stays, unless the step `replaces`. `run` begins the fields of the steps that came one behind
-- another, and is empty for an effect.
-- Returns what the field holds.
if not holds_lease() then return 'FENCED' end
local state = redis.call('HGET', record, 'state') or 'absent'
if not BEFORE[state] and not UNCHANGED[state] then return 'FENCED' end
if BEFORE[state] then redis.call('HSET', record, 'state', AFTER) end
if replaces == '1' then redis.call('HSET', steps, field, value) else redis.call('HSETNX', steps, field, value) end
-- What stands behind was noted on top of steps that a store which went back has lost.
if run ~= '' then
  for _, name in ipairs(redis.call('HKEYS', steps)) do
    if name > field and string.sub(name, 1, #run) == run then redis.call('HDEL', steps, name) end
  end
end
redis.call('EXPIRE', steps, steps_s)
return redis.call('HGET', steps, field)
