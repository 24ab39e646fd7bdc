-- Divide the calls to Discord of one window among the processes of the bot, by what each wants. What others hold is
-- given to nobody. A process that holds more than its share has the rest until it says that it holds less: it may begin
-- calls until it has the answer.
-- A process that holds a share of which nothing is known shows that the shares were lost, as in an outage: until the
-- others had the time to say what they hold, each has no more than before.
-- Returns {how many calls this process may have within a window, how many processes there are}.
local now, most = now_ms(), tonumber(total)
local held_by_others, wants, processes, is_known, lost_until = 0, {}, 1, false, 0
local found = redis.call('HGETALL', shares)
for i = 1, #found, 2 do
  local holds, want, ends = string.match(found[i + 1], '^(%d+) (%d+) (%d+)$')
  if found[i] == 'lost' then
    lost_until = tonumber(found[i + 1])
  elseif not ends or tonumber(ends) <= now then
    redis.call('HDEL', shares, found[i])
  elseif found[i] ~= instance then
    held_by_others = held_by_others + tonumber(holds)
    wants[#wants + 1] = tonumber(want)
    processes = processes + 1
  else
    is_known = true
  end
end
if tonumber(held) > 0 and not is_known then
  lost_until = integer(now + alive_ms)
  redis.call('HSET', shares, 'lost', lost_until)
end
-- Half of the calls stay with those who may need them next, in equal parts; the others go to whoever wants more.
local headroom = math.max(1, math.floor(most / (2 * processes)))
-- A process that is idle keeps one call, and its place: the others leave room for what it wants next.
local is_idle = tonumber(idle_ms) > 0
local own = is_idle and 1 or math.min(most, tonumber(wanted) + headroom)
table.sort(wants)
local left, sharers = most, processes
for i = 1, #wants do
  local want = math.min(most, wants[i] + headroom)
  if want >= own then break end
  left = left - math.min(want, math.floor(left / sharers))
  sharers = sharers - 1
end
local share = math.max(1, math.min(own, math.floor(left / sharers)))
local granted = math.min(share, math.max(tonumber(held), most - held_by_others))
if tonumber(lost_until) > now then granted = math.min(granted, math.max(1, tonumber(held))) end
local holds = integer(math.max(granted, tonumber(held), tonumber(occupied)))
local ends = integer(now + (is_idle and tonumber(idle_ms) or alive_ms))
redis.call('HSET', shares, instance, holds .. ' ' .. wanted .. ' ' .. ends)
redis.call('PEXPIRE', shares, 10 * alive_ms)
return {granted, processes}
