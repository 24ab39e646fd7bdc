-- Journal the id of the notice under the reply, '' for none any more. State: any; while a turn that is done is put
-- right, somebody may have wished for it anew, and the next round is to take the notice away.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 id of the message or ''
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
if redis.call('HEXISTS', KEYS[2], 'state') == 0 then return 'FENCED' end
redis.call('HSET', KEYS[2], 'notice', ARGV[2])
return 'OK'
