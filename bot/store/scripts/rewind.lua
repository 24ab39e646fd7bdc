-- Have the window of a conversation begin earlier again, and replace the entry whose trim is undone, so that the next
-- turn trims anew. `window_start` is where the window began when the caller read the history. A turn that runs or waits
-- has read the window.
-- Returns 1, or 0 if nothing is changed.
if redis.call('ZCARD', pending) > 0 then return 0 end
if (redis.call('HGET', meta, 'cut') or '0') ~= window_start then return 0 end
if redis.call('LINDEX', history, index) ~= before then return 0 end
redis.call('LSET', history, index, after)
redis.call('HSET', meta, 'cut', earlier)
return 1
