-- Note the branch that a person asks for. A second press within a short time is the same wish: `oldest` is the lowest id
-- of an interaction that counts as the first press.
-- Returns the id of the interaction whose branch it is.
local found = redis.call('HGETALL', branches)
for i = 1, #found, 2 do
  if found[i + 1] == wish and not is_earlier(found[i], oldest) then return found[i] end
end
redis.call('HSET', branches, interaction, wish, interaction .. ':job', job)
redis.call('EXPIRE', branches, branch_s)
return interaction
