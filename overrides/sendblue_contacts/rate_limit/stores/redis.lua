-- Slots in Redis, for processes on many machines: one script, which Redis runs as one step and on its own clock.
--
-- The rule is that of window.py, kept as in file.py. Everything about an account is in one key, so that it is lost as a
-- whole or not at all, and lies in one place of a cluster. What is in it:
--
--   run, limit, per   which start of which server this is, and what the slots are for
--   now, ahead        the latest time that was told, and how far that is ahead of the server's clock
--   frozen_until      until when nobody may start, because the server refused somebody
--   cold_until        until when nobody may start, because nobody knows what was sent
--   paced_from        from when the next paced request may start
--   at[place]         when a slot is free; for one that is held: when its lease is over and it is free
--   bulk_until[place] until when a slot counts as used by bulk work
--   held[token]       which slot somebody holds, from when he may use it, whether he is bulk work, whether he is paced, and
--                     what the two times of the slot were before
--
-- Times are whole microseconds. A Lua number holds those of the next two centuries exactly, so that sums and comparisons
-- are exact; seconds with a fraction it would round.
--
-- Cold start: without the key, or with one that another start of a server wrote (an old snapshot, a replica that took
-- over), nobody knows what was sent; then nobody starts for one window. A response that comes in this time to a request
-- from before begins it anew, for that request may have arrived just now; one that takes longer than a window is missed.
-- The key of an account that nobody uses is dropped after 30 days, not sooner: whoever comes then waits for a window too.
--
-- The clock never goes back: when the server's does, it goes on from the latest time that was told. A server's clock that
-- is put forward is believed; nothing in Redis tells that from time that has passed.
--
-- KEYS  the key
-- ARGV  verb, token, bulk, paced, length of a freeze, limit, per, room for bulk work, pace, lease; a test adds the time
-- Returns for how long to wait, for how long everybody is frozen, and whether a slot is held: 1 or 0

local KEEP = 30 * 24 * 3600 * 1000 -- milliseconds

local key, verb, token = KEYS[1], ARGV[1], ARGV[2]
local bulk, paced = ARGV[3] == '1', ARGV[4] == '1'
local pause, limit, per = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local room, pace, lease = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

local run = redis.call('INFO', 'server'):match('run_id:(%x+)')
local state, now

local function server_clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function begin_cold()
  state = {run = run, limit = limit, per = per, ahead = 0, frozen_until = 0, paced_from = 0}
  state.cold_until = now + per
  state.at, state.bulk_until, state.held = {}, {}, {}
  for place = 1, limit do
    state.at[place] = now
  end
end

local function fits()
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

-- Whether there are slots under the key, or nothing.
local function read()
  local kept = redis.call('GET', key)
  if not kept then
    return true
  end
  local fine, slots = pcall(cmsgpack.unpack, kept)
  state = slots
  return fine and type(slots) == 'table'
end

local function open()
  local clock = tonumber(ARGV[11]) or server_clock()
  now = clock
  if not state or state.run ~= run then
    return begin_cold()
  end
  state.ahead = math.max(state.ahead, state.now - clock)
  now = clock + state.ahead
  if not fits() and is_idle() then
    begin_cold()
  end
end

local function is_bulk(place)
  return (state.bulk_until[place] or 0) > now
end

local function has_room()
  local used = 0
  for place in pairs(state.bulk_until) do
    used = used + (is_bulk(place) and 1 or 0)
  end
  return used < room
end

-- The slot that nobody holds and that is free first. Bulk work that has its share may only take over one of its own.
local function earliest()
  local any, first = not bulk or has_room(), nil
  local before = now + per + 1 -- a slot that is free later is held
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
  if paced then
    start = math.max(start, state.paced_from)
    state.paced_from = start + pace
  end
  return start
end

local function answer(wait, held)
  return {wait, math.max(0, state.frozen_until - now), held}
end

local function set(mine, at)
  state.at[mine.place] = at
  if mine.bulk then
    state.bulk_until[mine.place] = at
  end
end

local function hold(mine)
  set(mine, mine.start + lease + per)
  return answer(mine.start - now, 1)
end

local function forget_holder(place)
  for other, its in pairs(state.held) do
    if its.place == place then
      state.held[other] = nil
    end
  end
end

local function take()
  local place = earliest()
  if not place then
    return answer(per, 0)
  end
  forget_holder(place)
  local at, bulk_until = state.at[place], state.bulk_until[place]
  local mine = {place = place, start = start_from(at), bulk = bulk, paced = paced, at = at, bulk_until = bulk_until}
  state.held[token] = mine
  return hold(mine)
end

local function confirm()
  local mine = state.held[token]
  if not mine then
    return take()
  end
  if open_from() > math.max(mine.start, now) then
    mine.start = start_from(mine.start)
  end
  mine.start = math.max(mine.start, now)
  return hold(mine)
end

local function give_back()
  local mine = state.held[token]
  if mine then
    set(mine, now + per)
    state.held[token] = nil
  elseif now < state.cold_until then
    state.cold_until = now + per
  end
  return answer(0, 1)
end

local function cancel()
  local mine = state.held[token]
  if mine then
    state.at[mine.place], state.bulk_until[mine.place], state.held[token] = mine.at, mine.bulk_until, nil
    if mine.paced and state.paced_from == mine.start + pace then
      state.paced_from = mine.start -- it was the last in the row, and the next one comes to its place
    end
  end
  return answer(0, 1)
end

local function freeze()
  state.frozen_until = math.max(state.frozen_until, now + pause)
  return answer(0, 1)
end

local VERBS = {take = confirm, confirm = confirm, give_back = give_back, cancel = cancel, freeze = freeze}

if not read() then
  return redis.error_reply('WRONGTYPE no slots')
end
open()
if not fits() then
  return redis.error_reply(('OTHERLIMIT %d in %g s'):format(state.limit, state.per / 1000000))
end
local said = VERBS[verb]()
state.now = now
redis.call('SET', key, cmsgpack.pack(state), 'PX', KEEP)
return said
