--!df flags=allow-undeclared-keys
-- Discord shows an earlier answer, to more messages or to fewer: let the turn begin anew, with all that waits by then.
-- State: claimed | posting -> claimed. What was deleted meanwhile leaves it: nothing of an answer needs its record.
-- KEYS 1 lease (hash)  2 record of the turn (hash)  3 pending (sorted set)
-- ARGV 1 token  2 prefix of the records  3 lifetime of what is done in s
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'claimed' and state ~= 'posting' then return 'FENCED' end
local left = {}
redis.call('HSET', KEYS[2], 'state', 'claimed')
for id in string.gmatch(redis.call('HGET', KEYS[2], 'members') or '', '%d+') do
  if redis.call('HEXISTS', ARGV[2] .. id, 'payload') == 1 then
    left[#left + 1] = id
  else
    redis.call('ZREM', KEYS[3], id)
    redis.call('HSET', ARGV[2] .. id, 'state', 'cancelled')
    redis.call('EXPIRE', ARGV[2] .. id, ARGV[3])
  end
end
redis.call('HSET', KEYS[2], 'members', table.concat(left, ' '))
return 'OK'
