-- strings, tables, closures, coroutines, metatables, integers and floats, io, os
local function show(...) io.write(table.concat({...}, "\t"), "\n") end
show(_VERSION, math.maxinteger, math.mininteger, math.pi, 1e15, 2^53, 10 // 3, -7 // 2, -7 % 3, 7 // 0.0, 3 | 12, ~5)
for _, value in ipairs { 0.1, 1/3, 1e100, -0.0, 1/0, 123456789012, 2^63, math.tointeger(3.0) } do
  show(value, string.format("%.17g %a %5.2f %q", value, value, value, value))
end
show(("hello world"):gsub("o", "0"), ("key = value"):match("(%w+)%s*=%s*(%w+)"), ("x"):rep(5, ","), ("abc"):byte(1, -1))
show(string.pack("<i4d", 7, 1.5):byte(1, -1)); show(utf8.char(228, 8364, 128512), utf8.len("äö"))
for word, at in ("The quick brown fox"):gmatch("(%a+)()") do show(word, at) end
local primes, sieve = {}, {}
for n = 2, 20000 do
  if not sieve[n] then primes[#primes + 1] = n; for m = n * n, 20000, n do sieve[m] = true end end
end
show(#primes, primes[#primes])
local sorted = {}
local seed = 42
for n = 1, 5000 do seed = (seed * 6364136223846793005 + 1442695040888963407); sorted[n] = seed >> 33 end
table.sort(sorted, function(a, b) return a > b end)
show(sorted[1], sorted[2500], sorted[5000], select("#", table.unpack(sorted, 1, 200)))
local producer = coroutine.wrap(function() for n = 1, 3 do coroutine.yield(n, n * n) end; error("stopped") end)
show(producer()); show(producer()); show(producer()); show(tostring(pcall(producer)))
local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Vector) end
Vector.__tostring = function(v) return "<" .. v.x .. ">" end
Vector.__close = function() show("closed") end
show(tostring(setmetatable({ x = 1 }, Vector) + setmetatable({ x = 2.5 }, Vector)))
do local guard <close> = setmetatable({ x = 0 }, Vector) end
show(pcall(error, { code = 2 }) and "" or "caught", select(2, pcall(function() return nil + 1 end)))
show(select(2, xpcall(function() local t; return t.x end, function(m) return "handled " .. m end)))
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
show(deep(10000), tostring(pcall(function() return deep(1e7) end)))
local file = assert(io.open("lua.txt", "w"))
file:write("first\n", 2, "\n", 3.5, "\nlast"); file:seek("set", 2); file:write("R"); file:close()
for line in io.lines("lua.txt") do show(line) end
file = io.open("lua.txt"); show(file:read("l", "n", "n", "a")); show(file:seek("end")); file:close()
show(select(2, io.open("nowhere/file"))); os.rename("lua.txt", "lua2.txt"); show(tostring(os.remove("lua.txt")))
show(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), os.time { year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40 }, os.getenv("HOME"))
show(select(2, load("return 1 +"))); show(io.read("l")); show(io.read("n")); show(io.read("a"))
io.stderr:write("to stderr\n"); os.exit(7)
