-- Discord shows an earlier answer, to more messages or to fewer: let the turn begin anew, with all that waits by then.
-- State: claimed | posting -> claimed.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'claimed' and state ~= 'posting' then return 'FENCED' end
redis.call('HSET', KEYS[2], 'state', 'claimed')
return 'OK'
