-- Add to a person's score of abuse, once for each event. Whoever asks is told of a pause, and tells the person.
-- Returns until when (ms) the person is paused, 0 if they are not.
local at = tonumber(at_ms)
local events = redis.call('HGET', abuse, 'events')
if not lists(events, event) then
  add_abuse(abuse, tonumber(weight), at, tonumber(half_life_ms), tonumber(most_abuse), abuse_s)
  local latest = {event}
  for each in string.gmatch(events or '', '%S+') do
    if #latest < 20 then latest[#latest + 1] = each end
  end
  redis.call('HSET', abuse, 'events', table.concat(latest, ' '))
end
local paused_until = redis.call('HGET', abuse, 'until')
if not paused_until or tonumber(paused_until) <= at then return 0 end
redis.call('HSET', abuse, 'told', paused_until)
return tonumber(paused_until)
