-- Take a message into the inbox, once. State: (none) -> received.
-- KEYS 1 record (hash)  2 pending (sorted set)  3 meta (hash)
-- ARGV 1 message id, padded  2 time in ms  3 payload  4 source: event | listing | command
--      5 lifetime in s  6 id of the author, which stays when the payload goes: who asked may have it answered anew
--      7... field, value: facts of the conversation, kept from the first time on
-- Returns 1 if it is new, 0 if it is known, -1 if it is from before the last reset.
local floor = redis.call('HGET', KEYS[3], 'floor')
if floor and ARGV[1] <= floor then return -1 end
for i = 7, #ARGV, 2 do redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[3], ARGV[5])
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'received', 'payload', ARGV[3], 'source', ARGV[4], 'author', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
