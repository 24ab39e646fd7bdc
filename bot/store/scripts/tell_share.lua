-- Note that the admins were told of a share of a limit; a lower share than before changes nothing.
-- Returns 1, or 0 if the counter has expired or a share as high was noted.
local _, _, told = use_of(counter)
if redis.call('EXISTS', counter) == 0 or told >= tonumber(share) then return 0 end
redis.call('HSET', counter, 'told', share)
return 1
