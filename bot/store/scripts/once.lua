-- Let exactly one instance do something: answer an interaction, tell the operator something.
-- KEYS 1 what is to be done (string)
-- ARGV 1 instance  2 lifetime in s
-- Returns 1 for that instance, also when it asks again, 0 for every other.
local holder = redis.call('GET', KEYS[1])
if holder then return holder == ARGV[1] and 1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
