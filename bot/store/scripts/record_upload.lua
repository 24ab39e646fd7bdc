-- Store an upload of a content, with its id once that is known, unless the content has the id of another upload that
-- lives: a worker that has lost its lease may upload what the next worker has uploaded. The id that is not stored is
-- noted as one to delete. `oldest_s` is when the oldest upload began that lives.
-- Returns when the stored upload began, and its id.
local begun, held = string.match(redis.call('HGET', uploads, digest) or '', '^(%d+) (.+)$')
if held and held ~= file_id and tonumber(begun) >= tonumber(oldest_s) then
  if file_id ~= '' then
    redis.call('SADD', discarded, file_id)
    redis.call('EXPIRE', discarded, ttl_s)
  end
  return {begun, held}
end
redis.call('HSET', uploads, digest, file_id == '' and begun_s or begun_s .. ' ' .. file_id)
redis.call('EXPIRE', uploads, ttl_s)
return {begun_s, file_id}
