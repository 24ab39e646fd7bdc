--!df flags=allow-undeclared-keys
-- The thread shows the whole reply: take its messages out of the inbox. State: committed -> done.
-- KEYS 1 lease (hash)  2 record of the turn (hash)  3 pending (sorted set)  4 settling (sorted set)
--      5 result (string)  6 meta (hash)
-- ARGV 1 token  2 prefix of the records  3 lead, padded  4 lifetime of what is done in s
--      5 state to leave: done | cancelled  6 ms from now until it is to be settled, '' for not at all
--      7 lifetime of the result in s  8 id of the message with the reply's buttons, '' for none
--      9 lifetime of the conversation in s  10 '1' if Discord refused to show all of the reply of a turn that is done, so
--      that it is put right once Discord does not; of a cancelled one, if there is no last turn any more
-- A cancelled turn may end in any state but done. Only the last turn that is done keeps its messages, and its records
-- as long as the history: it may be answered anew.
-- Returns {'OK', messages that still wait, id of the message that carried the buttons before or ''} or {'FENCED'}.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
local state, before = redis.call('HGET', KEYS[2], 'state'), ''
if state ~= 'done' and state ~= 'cancelled' then
  if not state or (ARGV[5] == 'done' and state ~= 'committed') then return {'FENCED'} end
  for id in string.gmatch(redis.call('HGET', KEYS[2], 'members') or ARGV[3], '%d+') do
    local member = ARGV[2] .. id
    redis.call('ZREM', KEYS[3], id)
    redis.call('HSET', member, 'state', ARGV[5], 'turn', ARGV[3])
    if ARGV[5] ~= 'done' then redis.call('HDEL', member, 'payload') end
    redis.call('EXPIRE', member, ARGV[5] == 'done' and ARGV[9] or ARGV[4])
  end
  if ARGV[5] == 'done' or ARGV[10] == '1' then
    local last = redis.call('HGET', KEYS[6], 'last')
    redis.call('HDEL', KEYS[6], 'last')
    if last and last ~= ARGV[3] then
      if redis.call('HEXISTS', ARGV[2] .. last, 'halted') == 1 then
        -- This one could be shown, so that one can.
        redis.call('ZADD', KEYS[4], '0', last)
        redis.call('EXPIRE', KEYS[4], ARGV[4])
      end
      for id in string.gmatch(redis.call('HGET', ARGV[2] .. last, 'members') or last, '%d+') do
        redis.call('HDEL', ARGV[2] .. id, 'payload')
        redis.call('EXPIRE', ARGV[2] .. id, ARGV[4])
      end
    end
  end
  if ARGV[5] == 'done' then
    redis.call('HSET', KEYS[6], 'last', ARGV[3])
    if ARGV[10] == '1' then redis.call('HSET', KEYS[2], 'halted', '1') else redis.call('HDEL', KEYS[2], 'halted') end
    before = redis.call('HGET', KEYS[6], 'buttons') or ''
    redis.call('HSET', KEYS[6], 'buttons', ARGV[8])
  end
  redis.call('EXPIRE', KEYS[5], ARGV[10] == '1' and ARGV[9] or ARGV[7])
  if ARGV[6] ~= '' then
    local clock = redis.call('TIME')
    local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[6])
    redis.call('ZADD', KEYS[4], string.format('%d', due), ARGV[3])
    redis.call('EXPIRE', KEYS[4], ARGV[4])
  end
end
local left = redis.call('ZCARD', KEYS[3])
if left == 0 then redis.call('HSET', KEYS[1], 'expires', '0') end
return {'OK', left, before ~= ARGV[8] and before or ''}
