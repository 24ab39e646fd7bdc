--!df flags=allow-undeclared-keys
-- Read a conversation's status: the turn that runs, and the last turn that is done.
-- Returns {turn id or '', record, {author or '', payload or '', ...}} of the running turn, the same of the last turn, and
-- how many messages wait.
local function read(turn)
  local asked = {}
  for id in each_id(redis.call('HGET', records .. turn, 'members') or turn) do
    local found = redis.call('HMGET', records .. id, 'author', 'payload')
    asked[#asked + 1] = found[1] or ''
    asked[#asked + 1] = found[2] or ''
  end
  return {turn, redis.call('HGETALL', records .. turn), asked}
end
local waiting = redis.call('ZRANGE', pending, 0, -1)
local running = {'', {}, {}}
for _, id in ipairs(waiting) do
  local state = redis.call('HGET', records .. id, 'state')
  if state and state ~= 'received' and (running[1] == '' or is_held_back(records .. running[1])) then
    running = read(id)
  end
end
local last = redis.call('HGET', meta, 'last')
return {running, last and read(last) or {'', {}, {}}, #waiting}
