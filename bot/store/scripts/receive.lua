-- Take a message into the inbox, once. `author` stays when the payload is deleted: the person who asked may have the
-- message answered again. `channel_fields` are names and values of fields of the conversation, of which the first values
-- stay. A mention from before the bot left the thread, which a listing may find later, does not let the bot join again.
-- Returns 1 if the message is new, 0 if it is known, -1 if it is from before the last reset.
local floor = redis.call('HGET', meta, 'floor')
if floor and message <= floor then return -1 end
local left = redis.call('HGET', meta, 'left')
for i = 1, #channel_fields, 2 do
  local stays_left = channel_fields[i] == 'joined' and left and is_earlier(channel_fields[i + 1], left)
  if not stays_left then redis.call('HSETNX', meta, channel_fields[i], channel_fields[i + 1]) end
end
redis.call('EXPIRE', meta, ttl_s)
if redis.call('EXISTS', record) == 1 then return 0 end
redis.call('HSET', record, 'state', AFTER, 'payload', payload, 'source', source, 'author', author)
redis.call('EXPIRE', record, ttl_s)
redis.call('ZADD', pending, when_ms, message)
redis.call('EXPIRE', pending, ttl_s)
return 1
