-- Note keys to look at for a person, while the job of this `code` still searches. `names` come with the last keys, and
-- end the search. Returns 1, or 0 if another instance has ended the search: what it has noted stands.
if redis.call('HGET', job, 'code') ~= code or redis.call('HGET', job, 'phase') ~= 'searching' then return 0 end
for _, key in ipairs(found) do redis.call('SADD', left, key) end
redis.call('EXPIRE', left, ttl_s)
if names ~= '' then redis.call('HSET', job, 'names', names, 'phase', 'erasing') end
return 1
