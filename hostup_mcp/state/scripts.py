"""Lua scripts, each of which Redis or Valkey runs as one step.

Sequence numbers, not clocks, order what is stored: the clocks of replicas differ.
"""

# Defines `generation`: which life of which server this is. `run_id` changes with each start;
# `master_replid` whenever a server takes over the data set of another or is promoted, which one
# server can do and undo without a restart. Neither is a key, which a rollback would roll back too.
_GENERATION = """
local server = redis.pcall('INFO', 'server')
local replication = redis.pcall('INFO', 'replication')
if type(server) == 'table' or type(replication) == 'table' then
  return redis.error_reply('NOPERM this user may not call INFO')
end
local run_id = string.match(server, 'run_id:(%w+)')
if not run_id then return redis.error_reply('NORUNID INFO has no run_id') end
local replid = string.match(replication, 'master_replid:(%w+)') or ''
local generation = string.sub(run_id, 1, 20) .. '-' .. string.sub(replid, 1, 20)
"""

_LAST = """
local function last(order)
  return tonumber(redis.call('ZREVRANGE', order, 0, 0, 'WITHSCORES')[2] or 0)
end
"""

GENERATION = f"{_GENERATION} return generation"

# KEYS: a key that means nothing. Shows whether the server takes writes.
PROBE = f"{_GENERATION} redis.call('SET', KEYS[1], '', 'PX', 1000) return generation"

# KEYS: notes, order. ARGV: seconds, how many at most, JSON of each id and its note in turn: the
# client library takes several times as long for as many arguments.
REMEMBER = f"""
{_LAST}
local number = last(KEYS[2])
local pairs = cjson.decode(ARGV[3])
for i = 1, #pairs, 2 do
  number = number + 1
  redis.call('HSET', KEYS[1], pairs[i], pairs[i + 1])
  redis.call('ZADD', KEYS[2], number, pairs[i])
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -ARGV[2] - 1)) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
"""

# KEYS: notes, order. ARGV: seconds, JSON of the ids. Returns JSON of their notes; a missing one is
# null.
RECALL = f"""
{_LAST}
local number = last(KEYS[2])
local notes = {{}}
for n, id in ipairs(cjson.decode(ARGV[2])) do
  local note = redis.call('HGET', KEYS[1], id)
  if note then
    number = number + 1
    redis.call('ZADD', KEYS[2], number, id)
  end
  notes[n] = note or cjson.null
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return cjson.encode(notes)
"""

# KEYS: order.
KNOWN = "return redis.call('ZRANGE', KEYS[1], 0, -1)"

# KEYS: the record, the open records. ARGV: body, milliseconds, how many at most, id, and what the
# keys of the caller's records of this kind begin with.
PUT_RECORD = f"""
{_GENERATION} {_LAST}
if redis.call('HEXISTS', KEYS[1], 'consumed') == 1 then return end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'body', ARGV[1], 'generation', generation)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], last(KEYS[2]) + 1, ARGV[4])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
local surplus = redis.call('ZCARD', KEYS[2]) - ARGV[3]
if surplus > 0 then
  local open = redis.call('ZRANGE', KEYS[2], 0, -1)
  for _, id in ipairs(open) do
    if redis.call('EXISTS', ARGV[5] .. id) == 0 then
      redis.call('ZREM', KEYS[2], id)
      surplus = surplus - 1
    end
  end
end
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, surplus - 1)) do
    redis.call('DEL', ARGV[5] .. id)
    redis.call('ZREM', KEYS[2], id)
  end
end
"""

# KEYS: the record.
GET_RECORD = f"""
{_GENERATION}
local record = redis.call('HMGET', KEYS[1], 'body', 'consumed', 'generation')
if not record[1] then return false end
return {{record[1], record[2] or '', record[3] == generation and '1' or ''}}
"""

# KEYS: the lock, then each record and the open records of its kind. ARGV: token, then each id.
CONSUME = f"""
{_GENERATION}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {{'lock_lost', 0}} end
for i = 2, #KEYS, 2 do
  local record = redis.call('HMGET', KEYS[i], 'generation', 'consumed')
  if not record[1] then return {{'missing', i / 2}} end
  if record[2] then return {{'already_consumed', i / 2}} end
  if record[1] ~= generation then return {{'other_generation', i / 2}} end
end
for i = 2, #KEYS, 2 do
  redis.call('HSET', KEYS[i], 'consumed', '1')
  redis.call('ZREM', KEYS[i + 1], ARGV[i / 2 + 1])
end
return {{'consumed', 0}}
"""

# KEYS: the record, the open records of its kind. ARGV: id.
REOPEN = f"""
{_GENERATION} {_LAST}
if redis.call('HGET', KEYS[1], 'generation') ~= generation then return end
if redis.call('HDEL', KEYS[1], 'consumed') == 1 then
  redis.call('ZADD', KEYS[2], last(KEYS[2]) + 1, ARGV[1])
end
"""

# KEYS: the lock, the mark that its token was revoked. ARGV: token, milliseconds. Nothing can be
# consumed under a lock of a server that does not tell its generation.
ACQUIRE = f"""
{_GENERATION}
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
"""

# KEYS: the lock. ARGV: token.
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""

# KEYS: the lock, the mark that its token was revoked. ARGV: token, milliseconds. The mark stops a
# request to acquire that is still on its way.
REVOKE = f"redis.call('SET', KEYS[2], '', 'PX', ARGV[2]) {RELEASE}"

# KEYS: the lock.
MILLISECONDS_LOCKED = "return redis.call('PTTL', KEYS[1])"

# KEYS: bodies, order. ARGV: id, body.
PUT_RECOVERY = f"""
{_LAST}
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 'NX', last(KEYS[2]) + 1, ARGV[1])
"""

# KEYS: bodies, order.
RECOVERIES = """
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end
return found
"""

# KEYS: bodies, order. ARGV: id.
DELETE_RECOVERY = """
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
"""

# KEYS: labels. ARGV: a label, seconds.
ANNOUNCE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
