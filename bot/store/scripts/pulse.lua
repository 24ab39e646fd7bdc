-- Tell whether the store still knows what it knew: a roll-back or a loss shows here first.
-- KEYS 1 pulse of one instance (string)
-- ARGV 1 the beat before, '' for none  2 the new beat  3 lifetime in s
-- Returns 1 if the beat before is there, or the new one already (a repeated call), else 0.
local held = redis.call('GET', KEYS[1]) or ''
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
if held == ARGV[1] or held == ARGV[2] then return 1 end
return 0
