-- Append the turn to the history, or put it in the place that it had, and fix what its reply says. State: claimed | posting | posted -> committed.
-- KEYS 1 lease (hash)  2 record of the turn (hash)  3 history (list)  4 meta (hash)  5 result (string)
-- ARGV 1 token  2 history entry, '' for none  3 result: what the thread is to show  4 cut
--      5 lifetime in s  6 input tokens  7 output tokens  8 cost in micro-dollars, as far as it is known
--      9 the messages that are answered, padded, blanks between  10 requests of which not all is known
--      11 '1' if the turn puts something new in front of the window, with the summary that stood there, corrected as
--      12 says; or ''
-- Returns {'OK'}, also if this turn was committed already, {'FENCED'}, or {'CORRECTED', as it is now} if that summary was
-- corrected since: then nothing is done.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
local state = redis.call('HGET', KEYS[2], 'state')
if state == 'committed' then return {'OK'} end
if state ~= 'claimed' and state ~= 'posting' and state ~= 'posted' then return {'FENCED'} end
-- A store that went back by a moment may know the lease and the turn, but no more what has joined since: that is going
-- to be listed again, and would then be answered twice.
if redis.call('HGET', KEYS[2], 'members') ~= ARGV[9] then return {'FENCED'} end
if ARGV[11] ~= '' then
  local corrected = redis.call('HGET', KEYS[4], 'corrected') or ''
  if corrected ~= ARGV[12] then return {'CORRECTED', corrected} end
  -- It is carried on, and must not stand in place of what the same turn has put there anew.
  redis.call('HDEL', KEYS[4], 'corrected')
end
local at = redis.call('HGET', KEYS[2], 'at')
local again = at and redis.call('LINDEX', KEYS[3], at)
if ARGV[2] ~= '' then
  if again then
    redis.call('LSET', KEYS[3], at, ARGV[2])
  else
    local place = redis.call('RPUSH', KEYS[3], ARGV[2]) - 1
    redis.call('HSET', KEYS[2], 'at', place)
    -- A message may have been pinned before its turn had a place that could be noted with the pins.
    local known = redis.call('HMGET', KEYS[4], 'pins', 'places')
    for id in string.gmatch(known[1] and ARGV[9] or '', '%d+') do
      if string.find(' ' .. known[1] .. ' ', ' ' .. string.match(id, '[1-9]%d*') .. ' ', 1, true) then
        redis.call('HSET', KEYS[4], 'places', (known[2] or '') .. ' ' .. place)
        break
      end
    end
  end
end
redis.call('HSET', KEYS[2], 'state', 'committed', 'spent:' .. ARGV[1], '1')
redis.call('SET', KEYS[5], ARGV[3], 'EX', ARGV[5])
redis.call('HSET', KEYS[4], 'cut', ARGV[4])
if not again then redis.call('HINCRBY', KEYS[4], 'turns', 1) end
redis.call('HINCRBY', KEYS[4], 'input_tokens', ARGV[6])
redis.call('HINCRBY', KEYS[4], 'output_tokens', ARGV[7])
redis.call('HINCRBY', KEYS[4], 'cost', ARGV[8])
if ARGV[10] ~= '0' then redis.call('HINCRBY', KEYS[4], 'unpriced', ARGV[10]) end
for i = 2, 4 do redis.call('EXPIRE', KEYS[i], ARGV[5]) end
return {'OK'}
