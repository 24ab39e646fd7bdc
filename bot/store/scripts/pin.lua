-- Note which messages are pinned, and where the history has their turns, if no turn was entered since they were looked up.
-- KEYS 1 history (list)  2 meta (hash)
-- ARGV 1 how long the history was  2 the pins, blanks between  3 the places, from 0, blanks between  4 lifetime in s
-- Returns 1, or 0 if they have to be looked up anew.
if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], 'pins', ARGV[2], 'places', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
