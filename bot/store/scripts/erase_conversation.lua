--!df flags=allow-undeclared-keys
-- Erase a conversation: its history, what waits, what is known of its channel. A running turn is fenced off. The uploads
-- stay until a sweep has deleted them at Anthropic. Ids of answered messages stay until they expire.
-- `older_than` is '' for a conversation whose channel is deleted; else nothing is done while a turn runs or waits, or if
-- the last turn is not older than that id.
-- `keeps_home` is '' or 1: what says in which server and channel the conversation is stays, for the keys that stand there.
-- Returns number of entries, or -1 if nothing was done.
local last = redis.call('HGET', meta, 'last')
local waiting = redis.call('ZRANGE', pending, 0, -1)
if older_than ~= '' then
  if #waiting > 0 then return -1 end
  for _, id in ipairs({last, redis.call('HGET', meta, 'joined')}) do
    if id and not is_earlier(string.match(id, '[1-9]%d*'), older_than) then return -1 end
  end
end
local next = next_token(redis.call('HGET', lease, 'token'))
redis.call('HSET', lease, 'token', next, 'owner', '', 'expires', '0', 'due', '0')
redis.call('EXPIRE', lease, 86400)
local entries = redis.call('LLEN', history)
for id in each_id(last and (redis.call('HGET', records .. last, 'members') or last)) do waiting[#waiting + 1] = id end
for _, id in ipairs(waiting) do
  redis.call('HSET', records .. id, 'state', AFTER)
  redis.call('HDEL', records .. id, 'payload', 'author', 'payer', 'timeline')
  redis.call('EXPIRE', records .. id, done_s)
  redis.call('DEL', results .. id)
end
for _, id in ipairs(turns) do redis.call('DEL', results .. id) end
redis.call('DEL', history, pending, unreconciled, files, inline, steps, approvals, mark)
if keeps_home == '' then redis.call('DEL', meta) end
for _, name in ipairs(redis.call('HKEYS', meta)) do
  if name ~= 'guild' and name ~= 'parent' then redis.call('HDEL', meta, name) end
end
return entries
