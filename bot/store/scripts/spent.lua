-- Write down what a try at a turn has cost that has written down nothing else; needs no lease.
-- KEYS 1 record of the turn (hash)  2 meta (hash)
-- ARGV 1 token of the try  2 its cost in micro-dollars, as far as it is known  3 its requests of which not all is known
-- Returns 1, or 0 if that try has told it already, or was forgotten.
local left, mine = {}, false
for token in string.gmatch(redis.call('HGET', KEYS[1], 'untold') or '', '%d+') do
  if token == ARGV[1] then mine = true else left[#left + 1] = token end
end
if not mine then return 0 end
redis.call('HSET', KEYS[1], 'untold', table.concat(left, ' '))
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
-- Of a conversation that this version cannot read, these may be no numbers.
if ARGV[2] ~= '0' then redis.pcall('HINCRBY', KEYS[2], 'cost', ARGV[2]) end
local unpriced = redis.pcall('HINCRBY', KEYS[2], 'unpriced', tonumber(ARGV[3]) - 1)
if type(unpriced) == 'number' and unpriced <= 0 then redis.call('HDEL', KEYS[2], 'unpriced') end
return 1
