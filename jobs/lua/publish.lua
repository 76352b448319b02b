-- Append one event to its user's stream and publish it, unless it was told already or comes too late.
--
-- KEYS: epoch, the user's stream, the job's state ("" for an event that belongs to no job)
-- ARGV: 1 epoch to use where there is none, 2 frame, 3 job id, 4 number within the job ("0" for progress),
--       5 attempt, 6 progress ("" for none), 7 message, 8 "1" when terminal, 9 keep (ms), 10 most entries,
--       11 the number that must have been told before ("0": none)
-- Returns {epoch, entry id}; the id is "" when the event was refused, "early" when what comes before it is untold.
-- Published is: terminal or not, the job's id, a line's end, and the frame as it goes over the wire, with its id line.

local epoch = redis.call('GET', KEYS[1])
if not epoch then
    epoch = ARGV[1]
    redis.call('SET', KEYS[1], epoch)
end

local state = KEYS[3]
local number = tonumber(ARGV[4])
local known = redis.call(
    'HMGET', state, 'number', 'ended', 'attempt', 'peak', 'at:' .. ARGV[4], 'progress', 'message', 'first', 'kept')
local peak = known[4]
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
    if attempt > latest then
        peak = ''
    elseif peak and peak ~= '' then
        -- Compared with the peak, not with the last: a phase without a number does not make progress fall behind it.
        if ARGV[6] ~= '' and tonumber(ARGV[6]) < tonumber(peak) then
            return {epoch, ''}
        end
        -- Neither a number nor a phase: it came late, from before the size of the work was known.
        if ARGV[6] == '' and ARGV[7] == '' then
            return {epoch, ''}
        end
    end
    -- Two who watch the same work may both tell of the same step.
    if attempt == latest and known[6] == ARGV[6] and known[7] == ARGV[7] then
        return {epoch, ''}
    end
    if ARGV[6] ~= '' then
        peak = ARGV[6]
    end
end

local entry = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[10], '*', 'frame', ARGV[2], 'job', ARGV[3], 'end', ARGV[8])
local milliseconds, sequence = string.match(entry, '^(%d+)-(%d+)$')
local now, keep = tonumber(milliseconds), tonumber(ARGV[9])

-- Once in a while is often enough to trim by age and to put off the expiry, which cost as much as all the rest.
local every = keep / 64
local is_due = not known[9] or now - tonumber(known[9]) >= every
if is_due then
    redis.call('XTRIM', KEYS[2], 'MINID', '~', string.format('%.0f', now - keep))
    redis.call('PEXPIRE', KEYS[2], string.format('%.0f', keep + every))
end

local first = known[8] or entry
local kept = is_due and milliseconds or known[9]
if number > 0 then
    redis.call('HSET', state, 'number', ARGV[4], 'at:' .. ARGV[4], entry, 'first', first, 'kept', kept)
    if ARGV[8] == '1' then
        redis.call('HSET', state, 'ended', '1')
    end
else
    redis.call('HSET', state, 'attempt', ARGV[5], 'progress', ARGV[6], 'message', ARGV[7], 'peak', peak or '',
        'first', first, 'kept', kept)
end
if is_due then
    redis.call('PEXPIRE', state, keep * 2)
end

local id = epoch .. string.format('-%012x-%08x', now, tonumber(sequence))
redis.call('PUBLISH', KEYS[2], ARGV[8] .. ARGV[3] .. '\nid: ' .. id .. '\n' .. ARGV[2])
return {epoch, entry}
