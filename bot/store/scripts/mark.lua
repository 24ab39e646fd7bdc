--!df flags=allow-undeclared-keys
-- Note up to which message a place has been listed, if nothing has changed since the listing began.
-- KEYS 1 mark (string)
-- ARGV 1 the mark before, '' for none  2 the new one, padded  3 lifetime in s  4 prefix of the records
--      5... the listed messages that have to have a record, padded
-- Returns 1, or 0 if the mark is another or a record is missing, as after a roll-back of the store.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 5, #ARGV do
  if redis.call('EXISTS', ARGV[4] .. ARGV[i]) == 0 then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
