-- Store the id of an upload of a content, unless the content has the id of another upload that lives: a worker may lose
-- its lease while it uploads what the next worker uploads as well. The id that is not stored is noted as one to delete.
-- `oldest_s` is when the oldest upload began that lives.
-- Returns when the stored upload began, and its id.
local begun, held = string.match(redis.call('HGET', uploads, digest) or '', '^(%d+) (.+)$')
if held and held ~= file_id and tonumber(begun) >= tonumber(oldest_s) then
  redis.call('SADD', discarded, file_id)
  redis.call('EXPIRE', discarded, ttl_s)
  return {begun, held}
end
redis.call('HSET', uploads, digest, begun_s .. ' ' .. file_id)
redis.call('EXPIRE', uploads, ttl_s)
return {begun_s, file_id}
