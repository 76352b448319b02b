-- Ask whether a model takes on a job now, and take the place.
--
-- KEYS: the model's places, its rate, its pause, its provider's breaker
-- ARGV: 1 token of the place ("" only asks), 2 outputs to be made, 3 places ("0": as many as wanted),
--       4 for how long a place is held without being kept (ms), 5 outputs in a window ("0": as many as wanted),
--       6 the window (ms), 7 failures in a row after which the breaker is open, 8 for how long one may try then (ms)
-- Returns {"open", 0}, or the reason and in how many milliseconds to ask again (0: when somebody leaves).

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local pause = redis.call('PTTL', KEYS[3])
if pause > 0 then
    return {'paused', pause}
end

local breaker = redis.call('HMGET', KEYS[4], 'failures', 'until')
local is_tried = tonumber(breaker[1] or '0') >= tonumber(ARGV[7])
if is_tried and tonumber(breaker[2] or '0') > now then
    return {'unavailable', tonumber(breaker[2]) - now}
end

local places = tonumber(ARGV[3])
if places > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    if redis.call('ZCARD', KEYS[1]) >= places then
        return {'full', 0}
    end
end

local most, window = tonumber(ARGV[5]), tonumber(ARGV[6])
local outputs = math.min(tonumber(ARGV[2]), most)
if most > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - window)
    local over = redis.call('ZCARD', KEYS[2]) + outputs - most
    if over > 0 then
        local last = redis.call('ZRANGE', KEYS[2], over - 1, over - 1, 'WITHSCORES')
        return {'full', math.max(1, tonumber(last[2]) + window - now)}
    end
end

if ARGV[1] ~= '' then
    if places > 0 then
        redis.call('ZADD', KEYS[1], now + tonumber(ARGV[4]), ARGV[1])
        redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[4]))
    end
    for output = 1, outputs do
        redis.call('ZADD', KEYS[2], now, ARGV[1] .. ':' .. output)
    end
    if most > 0 then
        redis.call('PEXPIRE', KEYS[2], window)
    end
    if is_tried then
        -- One tries, the others wait for what comes of it.
        redis.call('HSET', KEYS[4], 'until', now + tonumber(ARGV[8]))
    end
end
return {'open', 0}
