-- The slots of one account in Redis, for processes on many machines: one script, which Redis runs as one step.
--
-- The rule is that of window.py, with leases; slot_table.py is its twin. Everything about an account is in one key, so
-- that it is lost as a whole or not at all, and is on one node of a cluster. The value contains:
--
--   run, limit, per   the run of the server that wrote it, and the limit it is for
--   epoch, born       what identifies the value since its cold start, and when that was
--   now, ahead        the latest time that was returned, and how far it is ahead of the server's clock
--   frozen_until      until when no request is admitted, because the API responded with 429
--   cold_until        until when no request is admitted, because the requests of the last window are not in the value
--   paced_from        from when the next paced request may start
--   at[place]         when a slot is free; for a held slot: when its lease has expired and one window has passed
--   bulk_until[place] until when a slot counts as used by bulk work
--   held[token]       the slot that a token holds, from when it may be used, whether it is bulk work, and the previous
--                     values of the two times of the slot
--
-- Times are integers, in microseconds. A Lua number is exact for those of the next two centuries, so that sums and
-- comparisons are exact; seconds with a fraction would be rounded.
--
-- Cold start: without the key, or with one that another run of a server wrote (an old snapshot, a promoted replica), the
-- requests of the last window are unknown; then no request is admitted for one window. A response that arrives in this
-- time to a request from before extends the cold start by one window, because that request may have arrived just now; a
-- request that takes longer than a window is missed. The key of an account that is not used expires after 30 days; the
-- next request then waits for one window, too.
--
-- Another instance: a process that used another run of a server since the cold start of this value (a proxy, a fail-over
-- without replication, and back) may have sent requests that are not in the value, so it starts cold again.
--
-- The clock never goes back: if that of the server does, time continues from the latest that was returned. A server
-- clock that is set forward is noticed by a process that has used the value before, because it sends what time it can be
-- by its own clock, which cannot be set. The request of a process that has not used it before is trusted.
--
-- KEYS  the key
-- ARGV  command, token, bulk, lease, length of a freeze or of the way of a request, limit, per, slots of bulk work, pace,
--       whether all requests are paced, the epoch that the process knows, how long ago it had its last reply, and the
--       time by its own clock; in tests the time
-- Returns how long to wait, how long requests are frozen, whether a slot is held (1 or 0), the time, and the epoch

local SLACK = 50 * 1000 -- microseconds by which the server's clock may be ahead of the time by that of a process
local KEEP = 30 * 24 * 3600 * 1000 -- milliseconds

local key, command, token = KEYS[1], ARGV[1], ARGV[2]
local bulk, lease, pause = ARGV[3] == '1', tonumber(ARGV[4]), tonumber(ARGV[5])
local limit, per, bulk_slots, pace = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local all_paced = ARGV[10] == '1'

local known, age, own_time = ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])

local run = redis.call('INFO', 'server'):match('run_id:(%x+)')
local state, now

local function server_clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function start_cold()
  state = {run = run, limit = limit, per = per, born = now, ahead = 0, frozen_until = 0, paced_from = 0}
  state.epoch = ('%s:%.0f'):format(run, now)
  state.cold_until = now + per
  state.at, state.bulk_until, state.held = {}, {}, {}
  for place = 1, limit do
    state.at[place] = now
  end
end

local function is_same_limit()
  return state.limit == limit and state.per == per
end

local function is_idle()
  for _, at in ipairs(state.at) do
    if at > now then
      return false
    end
  end
  return true
end

-- Read the value. Returns false if the key holds anything else.
local function read()
  local value = redis.call('GET', key)
  if not value then
    return true
  end
  local unpacked, slots = pcall(cmsgpack.unpack, value)
  state = slots
  return unpacked and type(slots) == 'table'
end

local function comes_from_another_instance()
  return known ~= '' and known:match('^%x+') ~= run and now - age > state.born
end

local function open()
  local clock = tonumber(ARGV[14]) or server_clock()
  now = clock
  if not state or state.run ~= run then
    return start_cold()
  end
  state.ahead = math.max(state.ahead, state.now - clock)
  now = clock + state.ahead
  if known == state.epoch and now > own_time + SLACK then
    now = math.max(state.now, own_time + SLACK)
    state.ahead = now - clock
  end
  if comes_from_another_instance() then
    return start_cold()
  end
  if not is_same_limit() and is_idle() then
    start_cold()
  end
end

local function is_bulk(place)
  return (state.bulk_until[place] or 0) > now
end

local function bulk_work_has_slots_left()
  local used = 0
  for place in pairs(state.bulk_until) do
    used = used + (is_bulk(place) and 1 or 0)
  end
  return used < bulk_slots
end

-- The slot that is free first and that no token holds. Bulk work with all its slots may take over only one of these.
local function earliest()
  local any, first = not bulk or bulk_work_has_slots_left(), nil
  local before = now + per + 1 -- a slot that is free later is held: its lease has not expired
  for place, at in ipairs(state.at) do
    if at < before and (any or is_bulk(place)) then
      first, before = place, at
    end
  end
  return first
end

local function open_from()
  return math.max(now, state.frozen_until, state.cold_until)
end

local function start_from(at)
  local start = math.max(open_from(), at)
  if bulk or all_paced then
    start = math.max(start, state.paced_from)
    state.paced_from = start + pace
  end
  return start
end

local function reply(wait, held)
  return {wait, math.max(0, state.frozen_until - now), held}
end

local function set(record, at)
  state.at[record.place] = at
  if record.bulk then
    state.bulk_until[record.place] = at
  end
end

local function hold(record)
  set(record, record.start + lease + per)
  return reply(record.start - now, 1)
end

local function forget_holder(place)
  for other, record in pairs(state.held) do
    if record.place == place then
      state.held[other] = nil
    end
  end
end

local function acquire_new()
  local place = earliest()
  if not place then
    return reply(per, 0)
  end
  forget_holder(place)
  local at, bulk_until = state.at[place], state.bulk_until[place]
  local record = {place = place, start = start_from(at), bulk = bulk, at = at, bulk_until = bulk_until}
  state.held[token] = record
  return hold(record)
end

local function acquire()
  local record = state.held[token]
  if not record then
    return acquire_new()
  end
  if open_from() > math.max(record.start, now) then
    record.start = start_from(record.start)
  end
  record.start = math.max(record.start, now)
  return hold(record)
end

local function release()
  local record = state.held[token]
  if record then
    set(record, now + pause + per)
    state.held[token] = nil
  elseif now < state.cold_until then
    state.cold_until = now + pause + per
  end
  return reply(0, 1)
end

local function cancel()
  local record = state.held[token]
  if record then
    state.at[record.place], state.bulk_until[record.place] = record.at, record.bulk_until
    state.held[token] = nil
    if (record.bulk or all_paced) and state.paced_from == record.start + pace then
      state.paced_from = record.start -- it was the last paced request, and the next one takes its place
    end
  end
  return reply(0, 1)
end

local function freeze()
  state.frozen_until = math.max(state.frozen_until, now + pause)
  return reply(0, 1)
end

local COMMANDS = {acquire = acquire, release = release, cancel = cancel, freeze = freeze}

if not read() then
  return redis.error_reply('WRONGTYPE not a table of slots')
end
open()
if not is_same_limit() then
  return redis.error_reply(('OTHERLIMIT %d in %g s'):format(state.limit, state.per / 1000000))
end
local result = COMMANDS[command]()
result[4], result[5] = now, state.epoch
state.now = now
redis.call('SET', key, cmsgpack.pack(state), 'PX', KEEP)
return result
