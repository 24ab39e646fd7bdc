--!df flags=allow-undeclared-keys
-- Have the last turn answered again, or its reply continued: the turn waits again, with the messages of its reply.
-- `request` names the request, so that it counts once; `payer` is who makes it, with their roles, '' for nobody.
-- `edited` is a message of the turn whose text has changed, '' for none, `payload` its new text, and `edited_ms` the time
-- of the edit.
-- With `withdraws` a turn whose messages are all deleted waits again as well: its reply is to be withdrawn.
-- Returns 'OK', also to the same request again; 'BUSY' while a turn runs or a message waits; 'OLD' if the turn is not the
-- last one, or was forgotten; 'GONE' if its messages are deleted.
local state = redis.call('HGET', record, 'state') or 'absent'
if redis.call('HGET', record, 'wish') == request then return 'OK' end
if state == 'committed' then return 'BUSY' end  -- it is about to be the last one
if redis.call('HGET', meta, 'last') ~= turn then return 'OLD' end
if not BEFORE[state] then
  return (state == 'absent' or state == 'received' or state == 'cancelled') and 'OLD' or 'BUSY'
end
if redis.call('ZCARD', pending) > 0 then return 'BUSY' end
local members = redis.call('HGET', record, 'members') or turn
local left = false
for id in each_id(members) do left = left or redis.call('HEXISTS', records .. id, 'payload') == 1 end
if not left and withdraws ~= '1' then return 'GONE' end
-- A later edit may have been answered since this one was noted.
if edited ~= '' and tonumber(redis.call('HGET', records .. edited, 'edited') or 0) > tonumber(edited_ms) then
  return 'OLD'
end

if edited ~= '' then redis.call('HSET', records .. edited, 'payload', payload, 'edited', edited_ms) end
for id in each_id(members) do
  -- A double holds enough of a snowflake for its milliseconds, which are all that orders the queue.
  redis.call('ZADD', pending, math.floor(tonumber(id) / 4194304) + 1420070400000, id)
  redis.call('HSET', records .. id, 'state', 'received')
  redis.call('EXPIRE', records .. id, ttl_s)
end
redis.call('EXPIRE', pending, ttl_s)
-- Every part that an earlier attempt intended to post is either posted or the reconciliation's concern.
for _, field in ipairs(redis.call('HKEYS', record)) do
  if string.sub(field, 1, 7) == 'intent:' then redis.call('HDEL', record, field) end
end
redis.call('ZREM', unreconciled, turn)
redis.call('HDEL', record, 'claimed_by', 'stop', 'more', 'halted', 'sign', 'lost', 'first_token')
if payer ~= '' then redis.call('HSET', record, 'payer', payer) else redis.call('HDEL', record, 'payer') end
if continues == '1' then redis.call('HSET', record, 'more', '1') end
redis.call('HSET', record, 'state', AFTER, 'members', members, 'tries', '0', 'wish', request)
redis.call('HINCRBY', record, 'again', 1)
return 'OK'
