-- An edit has a turn answered anew: not before a pause is over, which grows with each such round. One that is held
-- already stays so: it is answered with what its messages say by then.
-- KEYS 1 record of the turn (hash)
-- ARGV 1 name of the edit  2 the first pause in ms  3 the longest one in ms  4 ms without an edit after which it is the
--      first one again
-- Returns 1, also to the same edit again, or 0 if there is no such turn.
local found = redis.call('HMGET', KEYS[1], 'state', 'edit', 'hold', 'rounds')
if not found[1] then return 0 end
if found[2] == ARGV[1] then return 1 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local hold, rounds = tonumber(found[3] or 0), tonumber(found[4] or 0)
redis.call('HSET', KEYS[1], 'edit', ARGV[1])
if hold > now then return 1 end
if now - hold > tonumber(ARGV[4]) then rounds = 0 end
local pause = rounds == 0 and 0 or math.min(tonumber(ARGV[2]) * 2 ^ (rounds - 1), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'hold', string.format('%d', math.max(now, hold + pause)), 'rounds', rounds + 1)
return 1
