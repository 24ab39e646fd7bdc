-- Note a value of a step of the job of this `code`, while the job is in this `phase`; a repeated step does not replace the
-- value.
-- Returns 1, or 0 if the job is not, or no longer, there.
if redis.call('HGET', job, 'code') ~= code or redis.call('HGET', job, 'phase') ~= phase then return 0 end
redis.call('HSETNX', job, field, value)
return 1
