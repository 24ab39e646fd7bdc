--!df flags=allow-undeclared-keys
-- Wish that the turn that is being answered ends with what is written by then. State: claimed | posting | posted.
-- A turn that waits until Discord can show its answer becomes due at once.
-- KEYS 1 pending (sorted set)  2 lease (hash)
-- ARGV 1 prefix of the records  2 lead of the turn that is meant, padded, '' for whichever is being answered
-- Returns the lead of the turn that is to end, '' if nothing is being answered.
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local state = redis.call('HGET', ARGV[1] .. id, 'state')
  local answering = state == 'claimed' or state == 'posting' or state == 'posted'
  if answering and (ARGV[2] == '' or ARGV[2] == id) then
    redis.call('HSET', ARGV[1] .. id, 'stop', '1')
    redis.call('HDEL', KEYS[2], 'due')
    redis.call('HDEL', ARGV[1] .. id, 'hold')  -- nothing is going to be asked, so there is no pause to wait for
    return id
  end
end
return ''
