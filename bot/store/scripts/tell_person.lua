-- Note that a person was told of a full limit: a further attempt at the turn that told it is silent as well.
-- Returns 1, or 0 if the counter has expired.
if redis.call('HEXISTS', counter, 'line:' .. person) == 0 then return 0 end
redis.call('HSET', counter, 'line:' .. person, 'told')
return 1
