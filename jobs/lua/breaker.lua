-- Count one more failure of a provider in a row, and after too many let nobody through for a while.
--
-- KEYS: the provider's breaker
-- ARGV: 1 failures in a row after which it opens, 2 for how long (ms), 3 for how long failures are remembered (ms)

local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= tonumber(ARGV[1]) then
    local clock = redis.call('TIME')
    local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
    redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[2]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return failures
