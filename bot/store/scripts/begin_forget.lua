-- Begin to forget a person, unless that is under way.
-- Returns the job: names and values of its fields.
local state = redis.call('HGET', job, 'state')
if not state or state == 'done' then
  redis.call('DEL', job, left)
  for i = 1, #values, 2 do redis.call('HSET', job, values[i], values[i + 1]) end
  redis.call('HSET', job, 'state', 'searching')
  redis.call('EXPIRE', job, ttl_s)
end
return redis.call('HGETALL', job)
