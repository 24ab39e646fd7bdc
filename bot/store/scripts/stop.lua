--!df flags=allow-undeclared-keys
-- Request that the running turn ends with what is written by then; `turn` is '' for whichever turn is running.
-- A turn that waits until Discord can show its reply becomes due at once.
-- Returns the id of the turn that is to end, '' if no turn runs.
local found = ''
for _, id in ipairs(redis.call('ZRANGE', pending, 0, -1)) do
  local state = redis.call('HGET', records .. id, 'state')
  if UNCHANGED[state] and (turn == '' or turn == id) and (found == '' or is_held_back(records .. found)) then
    found = id
  end
end
if found ~= '' then
  redis.call('HSET', records .. found, 'stop', '1')
  redis.call('HDEL', lease, 'due')
  redis.call('HDEL', records .. found, 'hold', 'waits')  -- Claude is not asked, so there is nothing to wait for
end
return found
