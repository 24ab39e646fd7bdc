-- A step of a turn that changes the state and fields of the turn's record, and no more.
-- `writes` is a list of {kind, field, value}: `set` writes the field, `init` only if it is absent, `change` only if the
-- step changes the state; `delete` deletes it, `delete_from` deletes the fields `field .. value`, `field .. value + 1` ...
-- With `expect` the step is fenced, and changes nothing, unless the field has this value.
-- `reconcile` is '', 'done <when that was due>', or the ms after which the turn is to be compared with Discord.
-- Returns 1, or 0 if the state does not allow a step that needs no lease.
if NEEDS_LEASE and not holds_lease() then return 'FENCED' end
local state = redis.call('HGET', record, 'state') or 'absent'
local changes = BEFORE[state]
if not changes and not UNCHANGED[state] and (state == 'absent' or not UNCHANGED.any) then return NEEDS_LEASE and 'FENCED' or 0 end

for i = 1, #writes, 3 do
  if writes[i] == 'expect' and redis.call('HGET', record, writes[i + 1]) ~= writes[i + 2] then return 'FENCED' end
end
if changes then
  redis.call('HSET', record, 'state', AFTER)
  if expire_s ~= '' then redis.call('EXPIRE', record, expire_s) end
end
for i = 1, #writes, 3 do
  local kind, field, value = writes[i], writes[i + 1], writes[i + 2]
  if kind == 'set' or (kind == 'change' and changes) then
    redis.call('HSET', record, field, value)
  elseif kind == 'init' then
    redis.call('HSETNX', record, field, value)
  elseif kind == 'delete' then
    redis.call('HDEL', record, field)
  elseif kind == 'delete_from' then
    local number = tonumber(value)
    while redis.call('HDEL', record, field .. number) == 1 do number = number + 1 end
  end
end
local due = string.match(reconcile, '^done (.*)$')
if due then
  -- A call that was made after this comparison began may have been scheduled for another one since.
  if redis.call('ZSCORE', unreconciled, turn) == due then redis.call('ZREM', unreconciled, turn) end
elseif reconcile ~= '' then
  redis.call('ZADD', unreconciled, integer(now_ms() + tonumber(reconcile)), turn)
  redis.call('EXPIRE', unreconciled, unreconciled_s)
end
if releases == '1' then redis.call('HSET', lease, 'expires', '0') end
return 1
