-- Note that the running turn is about to upload a content, unless an upload of the content lives: one that began at
-- `oldest_s` or later. A worker that has lost its lease uploads nothing.
-- Returns when the stored upload began, and its id.
if not holds_lease() then return 'FENCED' end
local begun, held = string.match(redis.call('HGET', uploads, digest) or '', '^(%d+) (.+)$')
if held and tonumber(begun) >= tonumber(oldest_s) then return {begun, held} end
redis.call('HSET', uploads, digest, begun_s)
redis.call('EXPIRE', uploads, ttl_s)
return {begun_s, ''}
