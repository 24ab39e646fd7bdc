--!df flags=allow-undeclared-keys
-- Forget the history and every message that waits; a running turn is fenced off. In a thread of somebody else's, the bot
-- answers again only when it is mentioned. Messages up to the id `before` are not answered any more.
-- `turns` are the ids of the turns in the history, whose replies may be noted for a comparison with what Discord shows.
-- Returns {number of turns forgotten, id of the turn that was running or '', its record}.
local next = next_token(redis.call('HGET', lease, 'token'))
redis.call('HSET', lease, 'token', next, 'owner', '', 'expires', '0', 'due', '0')
redis.call('EXPIRE', lease, 86400)
local forgotten = redis.call('LLEN', history)
for _, id in ipairs(turns) do redis.call('DEL', results .. id) end
redis.call('DEL', history, unreconciled, files, inline, steps)
local last = redis.call('HGET', meta, 'last')
if last then
  redis.call('DEL', results .. last)
  for id in each_id(redis.call('HGET', records .. last, 'members') or last) do
    redis.call('HDEL', records .. id, 'payload', 'payer', 'timeline')
    redis.call('EXPIRE', records .. id, done_s)
  end
end
-- Somebody mentioned the bot since it left this thread, so the thread is no longer left.
if redis.call('HEXISTS', meta, 'joined') == 1 then redis.call('HDEL', meta, 'left') end
redis.call('HDEL', meta, 'cut', 'cost', 'unpriced', 'last', 'corrected', 'places', 'pinned_now', 'joined')
redis.call('HDEL', meta, 'server_name', 'channel_name')
redis.call('HSET', meta, 'floor', before)
redis.call('EXPIRE', meta, ttl_s)
local turn, record = '', {}
for _, id in ipairs(redis.call('ZRANGE', pending, 0, -1)) do
  if id <= before then
    local fields = redis.call('HGETALL', records .. id)
    if (turn == '' or is_held_back(records .. turn)) and redis.call('HGET', records .. id, 'members') then
      turn, record = id, fields
    end
    redis.call('ZREM', pending, id)
    redis.call('HSET', records .. id, 'state', AFTER)
    redis.call('HDEL', records .. id, 'payload', 'payer', 'timeline')
    redis.call('DEL', results .. id)
    redis.call('EXPIRE', records .. id, done_s)
  end
end
return {forgotten, turn, record}
