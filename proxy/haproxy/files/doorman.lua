-- Asks Torpor's doorman about a visit and waits for its verdict. One connection a question; the words are in
-- proxy/haproxy/door.py. When the doorman is not there (it is being restarted) the question is put again for a while.

local DOOR = "unix@../door.sock"
local PATIENCE = 10       -- seconds without a doorman before the visit is given up
local LONGEST = 86400     -- seconds to wait for a verdict: the doorman has its own limits

local FIELDS = {
    "host", "user-agent", "accept", "sec-fetch-mode", "sec-fetch-dest", "sec-purpose", "purpose", "upgrade",
}
local CHAINS = { "x-forwarded-for", "forwarded" }    -- what a trusted proxy says of where a visit comes from

local function joined(headers, name)
    return headers[name] and table.concat(headers[name], ",", 0, #headers[name])
end

-- `names` are the headers that the doorman has asked for.
local function question(txn, how, names)
    local words = {
        how,
        txn.f:method(),
        txn.sf:pathq(),
        txn.sf:src(),
        txn:get_var("txn.refused") or "",
        tostring(txn:get_var("txn.refused_port") or ""),
        txn:get_var("txn.tries") or "",
    }
    -- One by one: a table of all headers is a lot of garbage for a visit that may wait long.
    for _, name in ipairs(FIELDS) do
        words[#words + 1] = txn.sf:req_fhdr(name, 1)
    end
    local believed = txn:get_var("sess.trusted") or how == "again"
    local headers = (believed or names) and txn.http:req_get_headers()
    for _, name in ipairs(CHAINS) do
        words[#words + 1] = believed and joined(headers, name) or ""
    end
    words[#words + 1] = txn:get_var(how == "again" and "txn.chosen" or "txn.app") or ""
    for name in (names or ""):gmatch("%S+") do
        local value = joined(headers, name)
        words[#words + 1] = value and name .. "=" .. value or name
    end
    local text = table.concat(words, "\n")
    return string.format("%d\n%s", #text, text)
end

local function ask(text)
    local socket = core.tcp()
    socket:settimeout(LONGEST)
    if not socket:connect(DOOR) then
        return nil, true
    end
    if not socket:send(text) then
        socket:close()
        return nil, true
    end
    local line = socket:receive("*l")
    if not line then
        socket:close()
        return nil, true
    end
    local address, port, held, account = line:match("^forward (%S+) (%d+) (%S+) (%S+)$")
    if address then
        socket:close()
        -- Closing takes a turn of its own. Without it thousands that are let go at once open their app's connection
        -- before, and run out of descriptors.
        core.yield()
        return { to = address .. "|" .. port, held = held, account = account }
    end
    local names = line:match("^tell (.+)$")
    if names then
        socket:close()
        return { names = names }
    end
    local status, count, size, reason = line:match("^answer (%d+) (%d+) (%d+) ?(.*)$")
    if not status then
        socket:close()
        return nil, false
    end
    local answer = { status = tonumber(status), reason = reason, headers = {}, body = "" }
    for _ = 1, tonumber(count) do
        local field = socket:receive("*l")
        local name, value = (field or ""):match("^([^:]+): (.*)$")
        if name then
            answer.headers[name] = answer.headers[name] or {}
            table.insert(answer.headers[name], value)
        end
    end
    -- HAProxy 2.6 does not read on once a buffer was full, so no more is on its way than fits into one.
    local pieces = {}
    for left = tonumber(size), 1, -PIECE do
        pieces[#pieces + 1] = socket:receive(math.min(left, PIECE)) or ""
        if left > PIECE then
            socket:send("more\n")
        end
    end
    answer.body = table.concat(pieces)
    socket:close()
    return answer
end

core.register_action("doorman", { "http-req" }, function(txn, how)
    local text = question(txn, how)
    local waited = 0
    while true do
        local verdict, again = ask(text)
        if verdict and verdict.names then
            text = question(txn, how, verdict.names)
            verdict, again = ask(text)
        end
        if verdict and verdict.to then
            txn:set_var("txn.to", verdict.to)
            if verdict.account:gsub("~$", "") ~= txn:get_var("txn.app") then
                txn:set_var("txn.told", verdict.account)
            end
            if verdict.held ~= "0" then
                txn:set_var("txn.held", verdict.held)
            end
            return
        end
        if verdict then
            tell(txn, verdict)
            return
        end
        if not again or waited >= PATIENCE then
            refuse(txn, 503)
            return
        end
        core.msleep(100)
        waited = waited + 0.1
    end
end, 1)
