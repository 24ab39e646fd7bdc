--!df flags=allow-undeclared-keys
-- Have the last turn answered anew, or its reply continued: it waits again, with the messages of its reply.
-- State: done -> posted.
-- KEYS 1 record of the turn (hash)  2 pending (sorted set)  3 meta (hash)  4 settling (sorted set)
-- ARGV 1 lead, padded  2 prefix of the records  3 lifetime in s  4 name of the wish  5 '1' to go on with the reply
--      6 a message of the turn whose text has changed, padded, or ''  7 its payload  8 when it was edited, in ms
-- Returns 'OK', also to the same wish again; 'BUSY' while something is answered or waits; 'OLD' if it is not the last
-- turn, or was forgotten; 'GONE' if its messages are deleted.
local state = redis.call('HGET', KEYS[1], 'state')
if redis.call('HGET', KEYS[1], 'wish') == ARGV[4] then return 'OK' end
if redis.call('HGET', KEYS[3], 'last') ~= ARGV[1] then return 'OLD' end
if state == 'claimed' or state == 'posting' or state == 'posted' or state == 'committed' then return 'BUSY' end
if state ~= 'done' then return 'OLD' end
if redis.call('ZCARD', KEYS[2]) > 0 then return 'BUSY' end
local members = redis.call('HGET', KEYS[1], 'members') or ARGV[1]
local left = false
for id in string.gmatch(members, '%d+') do
  left = left or redis.call('HEXISTS', ARGV[2] .. id, 'payload') == 1
end
if not left then return 'GONE' end

if ARGV[6] ~= '' then redis.call('HSET', ARGV[2] .. ARGV[6], 'payload', ARGV[7], 'edited', ARGV[8]) end
for id in string.gmatch(members, '%d+') do
  -- A double holds enough of a snowflake for its milliseconds, which are all that orders them here.
  redis.call('ZADD', KEYS[2], math.floor(tonumber(id) / 4194304) + 1420070400000, id)
  redis.call('HSET', ARGV[2] .. id, 'state', 'received')
  redis.call('EXPIRE', ARGV[2] .. id, ARGV[3])
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
-- What an earlier round was about to post it has posted, or settling was to see to it; this one is settled too.
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 7) == 'intent:' then redis.call('HDEL', KEYS[1], field) end
end
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[1], 'claimed_by', 'stop', 'more', 'halted', 'sign')
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'more', '1') end
redis.call('HSET', KEYS[1], 'state', 'posted', 'members', members, 'tries', '0', 'wish', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'again', 1)
return 'OK'
