-- Append the turn to the history, or replace the turn's earlier entry, and fix what the thread is to show.
-- `entry` is '' for a turn without an entry. `members` are the messages that the reply answers. `unpriced` counts
-- requests of which not all of the cost is known. With `carries_summary` the entry carries the summary in front of the
-- window on, as corrected by `corrected`.
-- `used` is what the attempt adds to the usage of the conversation's day; `timeline` is that of the turn, or ''.
-- `parts` are the messages that show the reply so far.
-- Returns {'OK'}, also if this turn is committed already, or {'CORRECTED', the correction} if somebody has corrected the
-- summary since: then nothing is done.
if not holds_lease() then return 'FENCED' end
local state = redis.call('HGET', record, 'state') or 'absent'
if UNCHANGED[state] then return {'OK'} end
if not BEFORE[state] then return 'FENCED' end
-- After a rollback of the store the lease and the turn may survive while later joins are lost. The messages that joined
-- will be listed again, and would then be answered twice.
if redis.call('HGET', record, 'members') ~= members then return 'FENCED' end
if carries_summary == '1' then
  local stored = redis.call('HGET', meta, 'corrected') or ''
  if stored ~= corrected then return {'CORRECTED', stored} end
  -- The entry contains the correction, which must not replace the entry's own new summary.
  redis.call('HDEL', meta, 'corrected')
end
if entry ~= '' then
  local index = redis.call('HGET', record, 'at')
  if index and redis.call('LINDEX', history, index) then
    redis.call('LSET', history, index, entry)
  else
    index = redis.call('RPUSH', history, entry) - 1
    redis.call('HSET', record, 'at', index)
    -- A message may have been pinned before its turn had an index that could be stored with the pins.
    local pinned = redis.call('HMGET', meta, 'pins', 'places')
    for id in each_id(pinned[1] and members or '') do
      if lists(pinned[1], string.match(id, '[1-9]%d*')) then
        redis.call('HSET', meta, 'places', (pinned[2] or '') .. ' ' .. index)
        break
      end
    end
  end
end
if redis.call('HEXISTS', record, 'spent:' .. token) == 0 then record_usage(usage, usage_s, used) end
redis.call('HSET', record, 'state', AFTER, 'spent:' .. token, '1')
if timeline ~= '' then redis.call('HSET', record, 'timeline', timeline) end
note_parts(record, parts)
redis.call('SET', result, shown, 'EX', ttl_s)
redis.call('HSET', meta, 'cut', window_start)
redis.call('HINCRBY', meta, 'cost', cost)
if unpriced ~= '0' then redis.call('HINCRBY', meta, 'unpriced', unpriced) end
for _, key in ipairs({record, history, meta}) do redis.call('EXPIRE', key, ttl_s) end
return {'OK'}
