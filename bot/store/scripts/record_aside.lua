-- Record what a request has used that belongs to no turn, once: `mark` remembers that. `used` is as in `commit`.
-- Returns 1, or 0 if the request is recorded already.
if not redis.call('SET', mark, '1', 'NX', 'EX', mark_s) then return 0 end
record_usage(usage, usage_s, used)
return 1
