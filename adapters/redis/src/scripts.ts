import { type Script, script } from "./script.ts";

/** How many changes are kept for watchers that were away for a moment. A watcher that missed more reads everything. */
const keptChanges = 10_000;
/** The time without a sign of life from any process after which nothing is left in Redis, in milliseconds. */
const keptMs = 24 * 3_600_000;
/** How many dead instances are removed at once. */
const mostRemoved = 500;

/**
 * The beginning of all scripts. The keys are: the ends of leases (a sorted set, in milliseconds by the clock of Redis),
 * the records (a hash), the changes (a stream), and the number of changes (a hash).
 *
 * A change has the id `<generation>-<revision>`. Revisions count from 1 without a gap, so a watcher knows when it
 * missed one. The generation changes after Redis has lost its data.
 *
 * A lease that begins is a change. So is a lease that ran out and goes on before anybody removed it, because a list of
 * the instances in between does not have it.
 */
const prologue = `
local leases, records, changes, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function change(kind, id)
	local generation = redis.call('HGET', state, 'generation')
	if not generation then
		generation = string.format('%.0f', now)
		redis.call('DEL', changes)
		redis.call('HSET', state, 'generation', generation)
	end
	local revision = redis.call('HINCRBY', state, 'revision', 1)
	redis.call('XADD', changes, 'MAXLEN', '~', ${keptChanges}, generation .. '-' .. revision, kind, id)
end

local function lease(id, ttl)
	local before = redis.call('ZSCORE', leases, id)
	redis.call('ZADD', leases, now + ttl, id)
	for _, key in ipairs({ leases, records, changes, state }) do redis.call('PEXPIRE', key, ${keptMs}) end
	return not before or tonumber(before) <= now
end

local function remove(id, kind)
	local wasThere = redis.call('ZREM', leases, id) + redis.call('HDEL', records, id)
	if wasThere > 0 then change(kind, id) end
end

local function place()
	local at = redis.call('HMGET', state, 'generation', 'revision')
	return { at[1] or '', at[2] or '0' }
end
`;

/**
 * Writes a record and begins a lease, unless the lease was released before: a connection that was cut off may deliver
 * late. Takes the id, the record, the time to live and, as a fifth key, the mark of a release. Returns the place.
 */
export const putScript: Script = script(`${prologue}
local id, text, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[5]) == 1 then return place() end
if redis.call('ZCARD', leases) == 0 then redis.call('DEL', records) end
local isSame = redis.call('HGET', records, id) == text
redis.call('HSET', records, id, text)
if lease(id, ttl) or not isSame then change('up', id) end
return place()
`);

/** Renews a lease. Takes the id and the time to live. Returns 0 where there is no such instance. */
export const renewScript: Script = script(`${prologue}
local id, ttl = ARGV[1], tonumber(ARGV[2])
if not redis.call('ZSCORE', leases, id) or redis.call('HEXISTS', records, id) == 0 then return 0 end
if lease(id, ttl) then change('up', id) end
return 1
`);

/**
 * Removes an instance for good. Takes the id, how long its mark lasts in milliseconds and, as a fifth key, that mark.
 * Returns the place.
 */
export const releaseScript: Script = script(`${prologue}
redis.call('SET', KEYS[5], 1, 'PX', ARGV[2])
remove(ARGV[1], 'left')
return place()
`);

/**
 * Removes the instances whose leases have run out. Returns the place, and after how many milliseconds the next lease
 * runs out; -1 where there is none.
 */
export const sweepScript: Script = script(`${prologue}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, ${mostRemoved})) do remove(id, 'down') end
local first = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')
local at = place()
return { at[1], at[2], first[2] and math.max(0, first[2] - now) or -1 }
`);
