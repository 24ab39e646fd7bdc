--!df flags=allow-undeclared-keys
-- Set a text if the text is still the one that the caller read, and all `required` keys exist. The required keys may
-- belong to other conversations than the text: the records of mentions in a channel.
-- Returns 1, also if the text is the new one already, or 0.
for _, key in ipairs(required) do
  if redis.call('EXISTS', key) == 0 then return 0 end
end
local held = redis.call('GET', value) or ''
if held == after then return 1 end
if held ~= before then return 0 end
redis.call('SET', value, after, 'EX', ttl_s)
return 1
