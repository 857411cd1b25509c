-- What a head says of connections and of hops, where plain rules do not reach: the rules are those of
-- proxy/forwarded.py and of RFC 9110 section 7.6.1. Runs only for requests that have such headers.

local MAX_HOPS = 32
local KEPT = { "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip" }
local STAYS = {
    ["host"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["connection"] = true,
    ["upgrade"] = true, ["close"] = true, ["keep-alive"] = true,
}
-- And nobody has what tells who they are taken out by naming it, not even through a proxy that is trusted.
local OURS = { "^x[-_]forwarded[-_]", "^forwarded", "^x[-_]real[-_]ip" }

local function stays(name)
    for _, pattern in ipairs(OURS) do
        if name:match(pattern) then
            return true
        end
    end
    return STAYS[name]
end

-- The headers that Connection names are for this connection only.
local function named(headers)
    local names = {}
    for _, value in pairs(headers["connection"] or {}) do
        for name in value:lower():gmatch("[^%s,]+") do
            if not stays(name) then
                names[#names + 1] = name
            end
        end
    end
    return names
end

core.register_action("nominated", { "http-req" }, function(txn)
    for _, name in ipairs(named(txn.http:req_get_headers())) do
        txn.http:req_del_header(name)
    end
    txn.http:req_del_header("connection")
end, 0)

core.register_action("nominated_by_app", { "http-res" }, function(txn)
    for _, name in ipairs(named(txn.http:res_get_headers())) do
        txn.http:res_del_header(name)
    end
    txn.http:res_del_header("connection")
end, 0)

local function plain(text)
    text = text:match("^%s*(.-)%s*$")
    if text:sub(1, 1) == "[" then
        text = text:sub(2):match("^[^%]]*")
    elseif select(2, text:gsub(":", "")) == 1 then
        text = text:match("^[^:]*")
    end
    text = text:match("^[^%%]*"):lower()
    text = text:match("^::ffff:(%d+%.%d+%.%d+%.%d+)$") or text
    if text:find("/", 1, true) or not (text:match("^%d+%.%d+%.%d+%.%d+$") or text:find(":", 1, true)) then
        return nil
    end
    return core.parse_addr(text) and text or nil
end

local function chain(told)
    local hops = {}
    if told["x-forwarded-for"] then
        for text in table.concat(told["x-forwarded-for"], ","):gmatch("[^,]+") do
            if text:match("%S") then
                hops[#hops + 1] = plain(text) or "unknown"
            end
        end
    else
        for element in table.concat(told["forwarded"] or {}, ","):gmatch("[^,]+") do
            local whom = element:lower():match("for%s*=%s*\"?([^\";,%s]+)") or "unknown"
            hops[#hops + 1] = plain(whom) or "unknown"
        end
    end
    return { table.unpack(hops, math.max(1, #hops - MAX_HOPS + 1)) }
end

local function quoted(value)
    if value:match("^[%w!#$%%&'*+%-.^_`|~]+$") then
        return value
    end
    return '"' .. value:gsub('[\\"]', "\\%0") .. '"'
end

-- A trusted proxy's word on where the request comes from: one chain is believed, and both headers are written from it.
core.register_action("forwarded", { "http-req" }, function(txn)
    local told = {}
    local headers = txn.http:req_get_headers()
    for name, values in pairs(headers) do
        local same = name:gsub("_", "-")
        if same:match("^x%-forwarded%-") or same:match("^forwarded") or same:match("^x%-real%-ip") then
            told[same] = told[same] or {}
            for i = 0, #values do
                table.insert(told[same], values[i])
            end
            txn.http:req_del_header(name)
        elseif name == "content_length" or name == "transfer_encoding" then
            txn.http:req_del_header(name)
        end
    end
    local function first(name, default)
        local value = told[name] and told[name][1]:match("^%s*([^,]*)"):match("^(.-)%s*$")
        return value and value ~= "" and value or default
    end
    local host = headers["host"] and headers["host"][0] or ""
    local proto = first("x-forwarded-proto", txn:get_var("txn.proto"))
    local asked = first("x-forwarded-host", host)
    told["x-forwarded-proto"] = told["x-forwarded-proto"] or { proto }
    if asked ~= "" then
        told["x-forwarded-host"] = told["x-forwarded-host"] or { asked }
    end
    for _, name in ipairs(KEPT) do
        for _, value in ipairs(told[name] or {}) do
            txn.http:req_add_header(name, value)
        end
    end
    local hops = chain(told)
    local peer = txn.f:src()
    hops[#hops + 1] = plain(peer) or peer
    txn.http:req_set_header("x-forwarded-for", table.concat(hops, ", "))
    local elements = {}
    for i, hop in ipairs(hops) do
        elements[i] = hop:find(":", 1, true) and 'for="[' .. hop .. ']"' or "for=" .. hop
    end
    local text = table.concat(elements, ", ") .. ";proto=" .. quoted(proto)
    txn.http:req_set_header("forwarded", asked ~= "" and text .. ";host=" .. quoted(asked) or text)
end, 0)
