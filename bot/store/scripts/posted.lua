-- Journal that a part of the reply stands on Discord. State: posting | posted -> posted; one that is committed, or done
-- and being put right, stays so.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 part, from 0  3 id of the message
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
local fixed = state == 'committed' or state == 'done'
if state ~= 'posting' and state ~= 'posted' and not fixed then return 'FENCED' end
if not fixed then redis.call('HSET', KEYS[2], 'state', 'posted') end
redis.call('HSET', KEYS[2], 'reply:' .. ARGV[2], ARGV[3])
return 'OK'
