--!df flags=allow-undeclared-keys
-- Note up to which message a place has been listed, if nothing has changed since the listing began.
-- KEYS 1 mark (string)
-- ARGV 1 the mark before, '' for none  2 the new one, padded  3 lifetime in s
--      4... the records that there have to be of what was listed; those of mentions in a channel are of other
--      conversations than the mark, and yet nothing may come in between
-- Returns 1, or 0 if the mark is another or a record is missing, as after a roll-back of the store.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 4, #ARGV do
  if redis.call('EXISTS', ARGV[i]) == 0 then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
