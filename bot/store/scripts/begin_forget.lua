-- Begin to forget a person, unless that is under way.
-- Returns the job: names and values of its fields.
local phase = redis.call('HGET', job, 'phase')
if not phase or phase == 'done' then
  redis.call('DEL', job, left)
  for i = 1, #values, 2 do redis.call('HSET', job, values[i], values[i + 1]) end
  redis.call('HSET', job, 'phase', 'searching')
  redis.call('EXPIRE', job, ttl_s)
end
return redis.call('HGETALL', job)
