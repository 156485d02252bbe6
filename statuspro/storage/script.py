"""The arithmetic of `ledger` once more, as the one Lua script that Redis runs as a whole.

The counts are one value under one key. Times are the server's own clock. The tests hold the script
against `Ledger`, step by step.
"""

CLOCK = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
"""

SCRIPT = (
    CLOCK
    + """
local op, is_bulk = ARGV[1], ARGV[2] == '1'
local number, seen, lease = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local period, span = tonumber(ARGV[6]), tonumber(ARGV[7])
local poll, grace = tonumber(ARGV[8]), tonumber(ARGV[9])
local sizes = {tonumber(ARGV[10]), tonumber(ARGV[11])}
local retry_after, remaining, reset = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local PAUSED, PROBE, FULL, BULK = 0, 1, 2, 3

local function window()
  return {ended = {}, flying = {}, paused = 0, refused = 0, refusals = 0, probe = 0, proven = 0}
end
local data = redis.call('GET', KEYS[1])
-- Numbers begin at the time in microseconds: no two are alike even when the data were lost.
local s = data and cmsgpack.unpack(data) or {
  now = now, issued = math.floor(now * 1000000), pauses = 0, keep = 0,
  waiting = {}, w = {window(), window()}}
local used = is_bulk and {1, 2} or {1}

if now < s.now then  -- the clock was set back: as if no time had passed
  local back = now - s.now
  s.keep, s.waiting = s.keep + back, {}
  for _, w in ipairs(s.w) do
    for i, at in ipairs(w.ended) do w.ended[i] = at + back end
    for n, at in pairs(w.flying) do w.flying[n] = at + back end
    w.paused, w.refused = w.paused + back, w.refused + back
  end
end
s.now = now

local function free(i)
  local w, ended, flying = s.w[i], {}, 0
  for _, at in ipairs(w.ended) do
    if at > now then ended[#ended + 1] = at end
  end
  w.ended = ended
  for _ in pairs(w.flying) do flying = flying + 1 end
  local left = sizes[i] - #ended - flying
  if left <= 0 then
    for n, at in pairs(w.flying) do
      if at <= now then w.flying[n], left = nil, left + 1 end
    end
  end
  return left
end

local function open(i)
  local w, left = s.w[i], free(i)
  if w.paused > now then return 0 end
  local latest = 0
  if w.refusals > 0 then
    latest = w.flying[w.probe] or 0
  elseif w.proven > 0 and w.proven <= sizes[i] - left and now < w.paused + span then
    for _, at in pairs(w.flying) do latest = math.max(latest, at) end
  else
    return left
  end
  if latest - span > now then return 0 end
  return math.min(left, 1)
end

local function next_place(i, ahead)
  local left, size, wait = free(i), sizes[i], 0
  local rounds, place = math.floor(ahead / size), ahead % size
  if place >= left then
    place = place - left + 1
    local till, latest = s.w[i].ended[place], {}
    if not till then
      for _, at in pairs(s.w[i].flying) do latest[#latest + 1] = at end
      table.sort(latest)
      till = math.min(latest[place - #s.w[i].ended], now + span)
    end
    wait = math.max(0.001, till - now)
  end
  return wait + rounds * span
end

local function wait_for(i, ahead)
  if ahead < open(i) then return 0, FULL end
  local w, full = s.w[i], next_place(i, ahead)
  if w.paused > now then
    local paused = w.paused - now
    if w.refusals > 0 and ahead > 0 then paused = paused + poll end
    if paused > full then return paused, PAUSED end
    return full, FULL
  end
  if full > 0 then return full, FULL end
  return poll, PROBE
end

local function ahead_of()
  local plain, bulk = 0, 0
  for n, ticket in pairs(s.waiting) do
    if ticket[2] < now then
      s.waiting[n] = nil
    elseif n < number then
      if ticket[1] == 1 then bulk = bulk + 1 else plain = plain + 1 end
    end
  end
  if bulk == 0 then return plain, 0 end
  return plain + math.min(bulk, math.max(0, open(2))), bulk
end

local function take()
  if number == 0 then
    s.issued = s.issued + 1
    number = s.issued
  end
  local ahead, bulk_ahead = ahead_of()
  local wait, why = wait_for(1, ahead)
  if is_bulk then
    local bulk_wait, bulk_why = wait_for(2, bulk_ahead)
    if bulk_wait > wait then
      wait, why = bulk_wait, bulk_why == FULL and BULK or bulk_why
    end
  end
  if wait > 0 then
    s.waiting[number] = {is_bulk and 1 or 0, now + wait + grace}
    return wait, why
  end
  s.waiting[number] = nil
  for _, i in ipairs(used) do
    s.w[i].flying[number] = now + lease + span
    if s.w[i].refusals > 0 then s.w[i].probe = number end
  end
  return 0, FULL
end

local function give_back()
  s.waiting[number] = nil
  for _, i in ipairs(used) do s.w[i].flying[number] = nil end
end

local function finish(went_through)
  if number == 0 then return end
  for _, i in ipairs(used) do
    local w = s.w[i]
    if went_through and w.probe == number then
      w.refusals, w.probe = 0, 0
      if next(s.waiting) then w.paused = math.max(w.paused, now + poll) end
    end
    w.flying[number] = nil
    w.ended[#w.ended + 1] = now + span
  end
end

local function pause(w)
  local till
  if retry_after then
    local growing = math.max(retry_after, poll) * 2 ^ math.min(w.refusals - 1, 30)
    till = now + math.max(retry_after, math.min(growing, span))
  elseif w.refusals == 1 then
    till = now + span / 3
  elseif w.refusals == 2 then
    till = math.max(now + span / 3, w.refused + span + period / 60)
  else
    till = now + span * math.min(2, 1 + (w.refusals - 3) / 4)
  end
  w.paused = math.max(w.paused, till)
  s.keep = math.max(s.keep, w.paused + span)
end

local function refuse()
  finish(false)
  if seen ~= s.pauses then return end
  s.pauses = s.pauses + 1
  for _, i in ipairs(used) do
    local w = s.w[i]
    if now > w.paused + span then w.refusals = 0 end
    w.refusals = w.refusals + 1
    if w.refusals == 1 then w.refused, w.proven = now, #w.ended - 1 end
    pause(w)
  end
end

local function observe()
  local w, left = s.w[1], free(1)
  if is_bulk or seen ~= s.pauses or remaining >= left then return end
  local till = now + (reset and math.min(math.max(reset, 0) + period / 60, span) or span)
  if remaining > 0 then
    for _ = 1, left - remaining do w.ended[#w.ended + 1] = till end
    table.sort(w.ended)
  elseif reset then
    w.paused = math.max(w.paused, till)
  elseif w.refusals == 0 then
    w.refusals, w.refused = 1, now
    pause(w)
  end
end

local wait, why = 0, FULL
if op == 'take' then
  wait, why = take()
elseif op == 'give_back' then
  give_back()
elseif op == 'finish' then
  finish(true)
elseif op == 'refuse' then
  refuse()
else
  observe()
end
s.keep = math.max(s.keep, now + lease + 2 * span)
redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', math.ceil((s.keep - now + span) * 1000))
return {math.ceil(wait * 1000000), why, number, s.pauses}
"""
)
