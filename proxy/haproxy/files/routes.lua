-- Which app a visit is for, where the one look-up of haproxy.cfg does not tell: hosts that only a wildcard knows, and
-- places where headers or weights decide. The rules are those of torpor/route_table.py, written by maps.py.

local routes = Map.new("routes.map", Map._beg)
local wildcards = Map.new("wildcards.map", Map._beg)
local choices = Map.new("choices.map", Map._str)

local function decoded(text)
    return (text:gsub("%%(%x%x)", function(code)
        return string.char(tonumber(code, 16))
    end))
end

-- Whether a visit has all these headers; one in several lines is joined by commas (RFC 9110 section 5.3).
local function fits(txn, wanted)
    local headers = wanted ~= "" and txn.http:req_get_headers()
    for name, value in wanted:gmatch("([^&=]+)=([^&]*)") do
        local values = headers[decoded(name)]
        if not values or table.concat(values, ",", 0, #values) ~= decoded(value) then
            return false
        end
    end
    return true
end

-- One of those that share a place; nobody where none has any weight.
local function pick(txn, shares)
    local total = 0
    for weight in shares:gmatch(",(%d+)=") do
        total = total + tonumber(weight)
    end
    local left = total > 1 and txn.f:rand(total) or 0
    for weight, app in shares:gmatch(",(%d+)=([^,]+)") do
        left = left - tonumber(weight)
        if left < 0 then
            return app
        end
    end
end

-- What a map says of the longest path that leads somewhere: nil for nothing, false where the doorman has to say.
local function look(txn, map, text)
    while true do
        local route = map:lookup(text)
        local size, name, count = (route or ""):match("^|%*|(%d+)|(%x+)|(%d+)$")
        if not size then
            return route
        end
        for turn = 0, tonumber(count) - 1 do
            local rule = choices:lookup(name .. "=" .. turn)
            if not rule then
                return false
            end
            local wanted, shares = rule:match("^([^,]*)(.*)$")
            if fits(txn, wanted) then
                return pick(txn, shares) or false
            end
        end
        text = text:sub(1, size - 1)
    end
end

-- Every place that the host may be found at, the narrowest first.
local function find(txn, host, path)
    local parent = host:match("%.(.+)$")
    local route = nil
    if txn:get_var("txn.app") then
        route = look(txn, routes, host .. path)
    end
    if route == nil and parent then
        route = look(txn, wildcards, "?." .. parent .. path)
    end
    while route == nil and parent do
        route = look(txn, wildcards, "*." .. parent .. path)
        parent = parent:match("%.(.+)$")
    end
    if route == nil then
        route = look(txn, wildcards, "*" .. path)
    end
    return route
end

core.register_action("route", { "http-req" }, function(txn)
    local host = txn.f:req_fhdr("host")
    if not host or host == "" then
        refuse(txn, 400)
        return
    end
    local path = (txn:get_var("txn.path") or "") .. "/?"
    local route = find(txn, txn.c:rtrim(txn.c:host_only(host), "."), path)
    if route then
        txn:set_var("txn.app", route)
    else
        txn:unset_var("txn.app")
    end
end, 0)
