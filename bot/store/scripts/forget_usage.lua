-- Take the name off one row of a usage: the counts go on to nobody's row of the same model.
-- Returns 1, or 0 if the row is gone.
local counts = redis.call('HGET', usage, row)
if not counts then return 0 end
redis.call('HDEL', usage, row)
add_usage(usage, string.gsub(row, '^%d+', '0', 1), counts)
return 1
