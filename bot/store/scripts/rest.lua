-- Take a conversation off the list of those that need attention, unless somebody has put it there anew.
-- KEYS 1 work (sorted set)
-- ARGV 1 conversation  2 the score it had when it was found to need nothing
-- Returns 1 if it was taken off.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
