-- Take an id off a queue, or have the id due `again` ('' for never), unless somebody has put the id there again meanwhile.
-- `score` is the score with which the caller found the id. Both in one step: a crash in between would lose the id.
-- Returns 1 if nobody has put the id there again.
if redis.call('ZSCORE', work, conversation) ~= score then
  if again ~= '' then redis.call('ZADD', work, 'LT', again, conversation) end
  return 0
end
if again == '' then return redis.call('ZREM', work, conversation) end
redis.call('ZADD', work, again, conversation)
return 1
