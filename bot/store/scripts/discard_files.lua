-- Forget the files with these `digests`, which nothing named when the caller read the history, and note the ids of their
-- uploads as those to delete. A turn that runs or waits may name a file that the history does not name yet.
-- Returns 1, or 0 if a turn runs or waits, or the history, the window or the pins have changed since.
if redis.call('ZCARD', pending) > 0 then return 0 end
local read = redis.call('HMGET', meta, 'cut', 'places')
if redis.call('LLEN', history) ~= tonumber(length) then return 0 end
if (read[1] or '') ~= window_start or (read[2] or '') ~= indexes then return 0 end
for _, digest in ipairs(digests) do
  local file_id = string.match(redis.call('HGET', uploads, digest) or '', ' (.+)$')
  if file_id then redis.call('SADD', discarded, file_id) end
  redis.call('HDEL', uploads, digest)
  redis.call('HDEL', inline, digest)
end
redis.call('EXPIRE', discarded, discarded_s)
return 1
