-- Helpers that stand in front of every script.
-- Before them stand the names of the script's KEYS and ARGV, and the states that bot/store/states.py gives the step.

local function holds_lease()
  return redis.call('HGET', lease, 'token') == token
end

local function now_ms()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

-- Lua writes large numbers with an exponent.
local function integer(number)
  return string.format('%d', number)
end

-- A fencing token that is larger than every earlier one, also than those that a rollback of the store has forgotten.
local function next_token(token)
  return integer(math.max(now_ms(), tonumber(token or 0) + 1))
end

-- Ids as text: a snowflake has more digits than a number of Lua holds.
local function is_earlier(id, other)
  return #id < #other or (#id == #other and id < other)
end

local function each_id(text)
  return string.gmatch(text or '', '%d+')
end

local function lists(text, id)
  return string.find(' ' .. (text or '') .. ' ', ' ' .. id .. ' ', 1, true) ~= nil
end
