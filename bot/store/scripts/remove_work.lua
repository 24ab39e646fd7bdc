-- Take a conversation off the work queue, unless somebody has put the conversation there again.
-- `score` is the score with which the caller found the conversation to need nothing.
-- Returns 1 if the conversation was taken off.
if redis.call('ZSCORE', work, conversation) ~= score then return 0 end
return redis.call('ZREM', work, conversation)
