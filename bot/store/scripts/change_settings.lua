-- Set and remove settings of a scope. Each change is noted in the audit log, with who made it and when; a repeated call
-- finds the values changed and notes nothing. A withheld value is a text that people wrote: the log gets its length, and
-- the text itself goes into the versions.
-- Returns names and earlier values of the settings that were changed, or 'FULL' if nothing was changed because there
-- would be more settings of the family than the most.
local function shown(value, withheld)
  if not withheld or value == '' then return value end
  local sealed = string.match(value, '^\30(%d+):')  -- an encrypted text, see bot/store/content.py
  if sealed then return sealed end
  local _, chars = string.gsub(value, '[^\128-\191]', '')
  return integer(chars)
end

if family ~= '' then
  local names, known, new = {}, 0, false
  local function count(name)
    if string.sub(name, 1, #family) ~= family or names[name] then return false end
    names[name] = true
    known = known + 1
    return true
  end
  for _, name in ipairs(redis.call('HKEYS', settings)) do count(name) end
  for i = 1, #changes, 3 do
    if changes[i + 1] ~= '' and count(changes[i]) then new = true end
  end
  if new and known > tonumber(most) then return 'FULL' end
end

local changed = {}
for i = 1, #changes, 3 do
  local name, value, withheld = changes[i], changes[i + 1], changes[i + 2] == '1'
  local before = redis.call('HGET', settings, name) or ''
  if before ~= value then
    if value == '' then
      redis.call('HDEL', settings, name, 'set:' .. name)
    else
      redis.call('HSET', settings, name, value, 'set:' .. name, person .. ' ' .. integer(now_ms()))
    end
    note_act(audit, audit_s, interaction, person, scope, target, name, shown(before, withheld), shown(value, withheld))
    if withheld then
      -- A version of the bot that kept no texts has set this one: it can be gone back to as well.
      if before ~= '' and redis.call('EXISTS', versions) == 0 then
        redis.call('XADD', versions, '*', 'name', name, 'person', '0', 'text', before)
      end
      redis.call('XADD', versions, 'MAXLEN', most_versions, '*', 'name', name, 'person', person, 'text', value)
    end
    changed[#changed + 1] = name
    changed[#changed + 1] = before
  end
end
for _, key in ipairs(ttl_s ~= '0' and {settings, versions} or {}) do redis.call('EXPIRE', key, ttl_s) end
return changed
