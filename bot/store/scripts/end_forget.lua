-- End the job to forget a person: the receipt stays, the person's names go. `code` names the job.
-- Returns 1, also if the job has ended before, or 0 if there is none of that code or keys are left.
if redis.call('HGET', job, 'code') ~= code or redis.call('SCARD', left) > 0 then return 0 end
local phase = redis.call('HGET', job, 'phase')
if phase == 'done' then return 1 end
if phase ~= 'erasing' then return 0 end
redis.call('HSET', job, 'phase', 'done', 'found', found, 'done_ms', integer(now_ms()))
redis.call('HDEL', job, 'names')
for _, field in ipairs(redis.call('HKEYS', job)) do
  if string.match(field, '^found:') or string.match(field, '^first:') then redis.call('HDEL', job, field) end
end
redis.call('EXPIRE', job, ttl_s)
return 1
