-- Let the lease go; the token stays, so that the next token is larger. A `blameless` attempt does not count. Nobody is
-- to claim the conversation for `pause_ms`.
-- Returns 1, or 0 if the lease was released, or taken by another owner, before.
if not holds_lease() or redis.call('HGET', lease, 'expires') == '0' then return 0 end
redis.call('HSET', lease, 'expires', '0', 'due', integer(now_ms() + tonumber(pause_ms)))
if blameless == '1' and redis.call('HGET', record, 'claimed_by') == token then
  redis.call('HINCRBY', record, 'tries', -1)
  redis.call('HDEL', record, 'claimed_by')
end
return 1
