-- Extend the lease.
-- Returns 'OK', or 'STOP' if a person has asked to end the turn.
if not holds_lease() then return 'FENCED' end
-- A renewal that arrives after the release must not make the lease look held.
if redis.call('HGET', lease, 'expires') == '0' then return 'OK' end
redis.call('HSET', lease, 'expires', integer(now_ms() + tonumber(lease_ms)))
redis.call('EXPIRE', lease, 86400)
return redis.call('HEXISTS', record, 'stop') == 1 and 'STOP' or 'OK'
