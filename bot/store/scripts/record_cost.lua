-- Add what an attempt has cost that commits nothing; needs no lease.
-- Returns 1, or 0 if the attempt has reported its cost before, or was forgotten.
local unreported, mine = {}, false
for attempt in each_id(redis.call('HGET', record, 'untold')) do
  if attempt == token then mine = true else unreported[#unreported + 1] = attempt end
end
if not mine then return 0 end
redis.call('HSET', record, 'untold', table.concat(unreported, ' '))
if redis.call('EXISTS', meta) == 0 then return 0 end
-- In a conversation that another version of the bot wrote, these fields may not be numbers.
if cost ~= '0' then redis.pcall('HINCRBY', meta, 'cost', cost) end
local unknown = redis.pcall('HINCRBY', meta, 'unpriced', tonumber(unpriced) - 1)
if type(unknown) == 'number' and unknown <= 0 then redis.call('HDEL', meta, 'unpriced') end
return 1
