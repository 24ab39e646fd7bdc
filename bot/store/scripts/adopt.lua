-- Take over a reply found on Discord: its parts are journalled, and only the messages that it answers stay in the
-- turn; the others wait on. State: claimed | posting | posted -> posted; of one that is committed it names the parts alone.
-- KEYS 1 lease (hash)  2 record of the turn (hash)
-- ARGV 1 token  2 the messages, padded, with blanks between them  3... ids of the reply's parts, in order
-- Returns 'OK' or 'FENCED'.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'FENCED' end
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'committed' then
  if state ~= 'claimed' and state ~= 'posting' and state ~= 'posted' then return 'FENCED' end
  -- Visible, so nothing joins any more, whoever comes next.
  redis.call('HSET', KEYS[2], 'members', ARGV[2], 'state', 'posted')
end
for i = 3, #ARGV do redis.call('HSET', KEYS[2], 'reply:' .. (i - 3), ARGV[i]) end
local stale = #ARGV - 2
while redis.call('HDEL', KEYS[2], 'reply:' .. stale) == 1 do stale = stale + 1 end
return 'OK'
