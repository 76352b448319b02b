-- Give a fresh reader the top of a user's stream to resume from. An empty stream gets an entry that tells nothing,
-- so that a cursor is always an entry: where the entry is gone later, something may have been lost.
--
-- KEYS: epoch, the user's stream. ARGV: 1 epoch to use where there is none, 2 how long it is kept (ms).
-- Returns {epoch, entry id}.

local epoch = redis.call('GET', KEYS[1])
if not epoch then
    epoch = ARGV[1]
    redis.call('SET', KEYS[1], epoch)
end
local top = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local entry
if top[1] then
    entry = top[1][1]
else
    entry = redis.call('XADD', KEYS[2], '*', 'mark', '1')
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {epoch, entry}
