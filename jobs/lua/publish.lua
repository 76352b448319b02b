-- Append one event to its user's stream and publish it, unless it was told already or comes too late.
--
-- KEYS: epoch, the user's stream, the job's state ("" for an event that belongs to no job)
-- ARGV: 1 epoch to use where there is none, 2 frame, 3 job id, 4 number within the job ("0" for progress),
--       5 attempt, 6 progress ("" for none), 7 message, 8 "1" when terminal, 9 keep (ms), 10 most entries,
--       11 the number that must have been told before ("0": none)
-- Returns {epoch, entry id}; the id is "" when the event was refused, "early" when what comes before it is untold.

local epoch = redis.call('GET', KEYS[1])
if not epoch then
    epoch = ARGV[1]
    redis.call('SET', KEYS[1], epoch)
end

local state = KEYS[3]
local number = tonumber(ARGV[4])
local known = redis.call('HMGET', state, 'number', 'ended', 'attempt', 'peak', 'at:' .. ARGV[4], 'progress', 'message')
if number > 0 then
    -- A number that came before is told once; whoever repeats it learns where it stands.
    if known[1] and number <= tonumber(known[1]) then
        return {epoch, known[5] or ''}
    end
    if tonumber(known[1] or '0') < tonumber(ARGV[11]) then
        return {epoch, 'early'}
    end
else
    if known[2] then
        return {epoch, ''}
    end
    local attempt = tonumber(ARGV[5])
    local latest = tonumber(known[3] or '0')
    if attempt < latest then
        return {epoch, ''}
    end
    -- Compared with the peak, not with the last: a phase without a number does not make progress fall behind it.
    if attempt == latest and known[4] and ARGV[6] ~= '' and tonumber(ARGV[6]) < tonumber(known[4]) then
        return {epoch, ''}
    end
    -- Neither a number nor a phase: it came late, from before the size of the work was known.
    if attempt == latest and known[4] and ARGV[6] == '' and ARGV[7] == '' then
        return {epoch, ''}
    end
    -- Two who watch the same work may both tell of the same step.
    if attempt == latest and known[6] == ARGV[6] and known[7] == ARGV[7] then
        return {epoch, ''}
    end
    if attempt > latest then
        redis.call('HDEL', state, 'peak')
    end
end

local entry = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[10], '*', 'frame', ARGV[2], 'job', ARGV[3], 'end', ARGV[8])
local oldest = tonumber(string.match(entry, '^(%d+)')) - tonumber(ARGV[9])
redis.call('XTRIM', KEYS[2], 'MINID', '~', string.format('%.0f', oldest))
redis.call('PEXPIRE', KEYS[2], ARGV[9])

if number > 0 then
    redis.call('HSET', state, 'number', ARGV[4], 'at:' .. ARGV[4], entry)
    if ARGV[8] == '1' then
        redis.call('HSET', state, 'ended', '1')
    end
else
    redis.call('HSET', state, 'attempt', ARGV[5], 'progress', ARGV[6], 'message', ARGV[7])
    if ARGV[6] ~= '' then
        redis.call('HSET', state, 'peak', ARGV[6])
    end
end
redis.call('HSETNX', state, 'first', entry)
redis.call('PEXPIRE', state, tonumber(ARGV[9]) * 2)

redis.call('PUBLISH', KEYS[2], epoch .. '\n' .. entry .. '\n' .. ARGV[3] .. '\n' .. ARGV[8] .. '\n' .. ARGV[2])
return {epoch, entry}
