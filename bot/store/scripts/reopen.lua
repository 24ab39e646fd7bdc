--!df flags=allow-undeclared-keys
-- Discord shows an earlier answer, to more messages or to fewer: let the turn begin again, with all messages that wait by
-- then. Messages that were deleted meanwhile leave the turn: nothing of a reply needs their records.
-- Returns 1.
if not holds_lease() then return 'FENCED' end
local state = redis.call('HGET', record, 'state') or 'absent'
if not BEFORE[state] and not UNCHANGED[state] then return 'FENCED' end
local left = {}
redis.call('HSET', record, 'state', AFTER)
for id in each_id(redis.call('HGET', record, 'members')) do
  if redis.call('HEXISTS', records .. id, 'payload') == 1 then
    left[#left + 1] = id
  else
    redis.call('ZREM', pending, id)
    redis.call('HSET', records .. id, 'state', 'cancelled')
    redis.call('EXPIRE', records .. id, done_s)
  end
end
redis.call('HSET', record, 'members', table.concat(left, ' '))
return 1
