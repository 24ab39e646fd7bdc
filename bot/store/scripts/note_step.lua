-- Note a value of a step of the job of this `code`, while the job erases; a repeated step does not replace the value.
-- Returns 1, or 0 if the job is over.
if redis.call('HGET', job, 'code') ~= code or redis.call('HGET', job, 'phase') ~= 'erasing' then return 0 end
redis.call('HSETNX', job, field, value)
return 1
