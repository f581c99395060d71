-- wrk script: sends raw, already signed requests from REQ_FILE (load/signing.py writes it), in turn and from the start
-- again. REQ_ONCE=1: each once, then the run ends, since the tokens of changes must not repeat.
local records, next_record = {}, 0
local once = os.getenv("REQ_ONCE") == "1"
local ffi = require("ffi")
ffi.cdef("int kill(int pid, int signal); int getpid(void);")

function init()
   local file = assert(io.open(assert(os.getenv("REQ_FILE")), "rb"))
   local data = file:read("*a")
   file:close()
   local separator, position = "\n%%--%%\n", 1
   while true do
      local first, last = data:find(separator, position, true)
      if not first then break end
      records[#records + 1] = data:sub(position, first - 1)
      position = last + 1
   end
   assert(#records > 0, "no requests")
end

function request()
   next_record = next_record + 1
   if next_record > #records then
      if once then
         -- Stopping the thread alone would leave wrk asleep until its time is over, and count that time as the run's.
         wrk.thread:stop()
         ffi.C.kill(ffi.C.getpid(), 2)
         return records[#records]
      end
      next_record = 1
   end
   return records[next_record]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
      errors.connect + errors.read + errors.write + errors.timeout))
end
