-- Journal the id of the notice under the reply, '' for none any more. State: committed | done.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 id of the message or ''
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'committed' and state ~= 'done' then return 'FENCED' end
redis.call('HSET', KEYS[2], 'notice', ARGV[2])
return 'OK'
