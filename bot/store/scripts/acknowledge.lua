--!df flags=allow-undeclared-keys
-- End a turn: take its messages out of the inbox. Only the last turn that is done keeps its messages, and keeps its
-- records as long as the history, because people may have it answered again.
-- `reconcile_ms` is the time until the turn is to be compared with Discord, '' for no comparison; `buttons` the message
-- that carries the reply's buttons. `halted`: Discord refused to show all of the reply of a turn that is done, so the
-- reply is to be completed once Discord allows that. `timeline` is that of the turn, or ''. `clears_last`: after a
-- cancelled turn no turn is the last one. `parts` are the messages that show the reply.
-- Returns {messages that still wait, id of the message that carried the buttons before or ''}.
if not holds_lease() then return 'FENCED' end
local state, before = redis.call('HGET', record, 'state') or 'absent', ''
local done = AFTER == 'done'
if not UNCHANGED[state] then
  if not BEFORE[state] then return 'FENCED' end
  for id in each_id(redis.call('HGET', record, 'members') or turn) do
    local member = records .. id
    redis.call('ZREM', pending, id)
    redis.call('HSET', member, 'state', AFTER, 'turn', turn)
    if not done then redis.call('HDEL', member, 'payload', 'timeline') end
    redis.call('EXPIRE', member, done and ttl_s or done_s)
  end
  if done or clears_last == '1' then
    local last = redis.call('HGET', meta, 'last')
    redis.call('HDEL', meta, 'last')
    if last and last ~= turn then
      if redis.call('HEXISTS', records .. last, 'halted') == 1 then
        -- Discord has shown this reply, so Discord is likely to show the rest of the halted one.
        redis.call('ZADD', unreconciled, '0', last)
        redis.call('EXPIRE', unreconciled, done_s)
      end
      for id in each_id(redis.call('HGET', records .. last, 'members') or last) do
        redis.call('HDEL', records .. id, 'payload')
        redis.call('EXPIRE', records .. id, done_s)
      end
    end
  end
  if done then
    redis.call('HSET', meta, 'last', turn)
    if halted == '1' then redis.call('HSET', record, 'halted', '1') else redis.call('HDEL', record, 'halted') end
    before = redis.call('HGET', meta, 'buttons') or ''
    redis.call('HSET', meta, 'buttons', buttons)
  end
  redis.call('HDEL', record, 'payer')
  if timeline ~= '' then redis.call('HSET', record, 'timeline', timeline) end
  note_parts(record, parts)
  redis.call('DEL', steps)
  redis.call('EXPIRE', result, halted == '1' and ttl_s or result_s)
  if reconcile_ms ~= '' then
    redis.call('ZADD', unreconciled, integer(now_ms() + tonumber(reconcile_ms)), turn)
    redis.call('EXPIRE', unreconciled, done_s)
  end
end
local left = redis.call('ZCARD', pending)
if left == 0 then redis.call('HSET', lease, 'expires', '0') end
return {left, before ~= buttons and before or ''}
