-- An edit has a turn answered again: not before a pause is over, which grows with every regeneration by an edit. A pause
-- that has begun is not made longer: the answer is to the text at its end.
-- The first edit has no pause, the second `first_ms`, at most `longest_ms`; after `reset_ms` without an edit the series
-- begins again.
-- Returns 1, also for a repetition of the same edit, or 0 if there is no such turn.
local found = redis.call('HMGET', record, 'state', 'edit', 'hold', 'rounds')
if not found[1] then return 0 end
if found[2] == edit then return 1 end
local now = now_ms()
local hold, rounds = tonumber(found[3] or 0), tonumber(found[4] or 0)
redis.call('HSET', record, 'edit', edit)
if hold > now then return 1 end
if now - hold > tonumber(reset_ms) then rounds = 0 end
local pause = rounds == 0 and 0 or math.min(tonumber(first_ms) * 2 ^ (rounds - 1), tonumber(longest_ms))
redis.call('HSET', record, 'hold', integer(math.max(now, hold + pause)), 'rounds', rounds + 1)
return 1
