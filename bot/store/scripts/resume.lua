--!df flags=allow-undeclared-keys
-- The bot may write to a thread again: have the last turn reconciled, if Discord refused to show all of its reply.
-- Returns 1 if there is a reply to complete.
local last = redis.call('HGET', meta, 'last')
if not last or redis.call('HEXISTS', records .. last, 'halted') == 0 then return 0 end
redis.call('ZADD', unreconciled, '0', last)
redis.call('EXPIRE', unreconciled, done_s)
return 1
