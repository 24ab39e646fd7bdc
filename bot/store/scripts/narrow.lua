-- Leave to the turn only the messages that the reply found on Discord answers; the others wait on.
-- State: claimed | posting.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 the messages, padded, with blanks between them
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'claimed' and state ~= 'posting' then return 'FENCED' end
redis.call('HSET', KEYS[2], 'members', ARGV[2])
return 'OK'
