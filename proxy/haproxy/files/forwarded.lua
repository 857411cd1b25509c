-- A trusted proxy's word on where a request comes from. The rules are those of proxy/forwarded.py.

local MAX_HOPS = 32
local KEPT = { "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip" }

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

-- One chain is believed, and both headers are written from it.
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
        end
    end
    local function first(name, default)
        local value = told[name] and told[name][1]:match("^%s*([^,]*)"):match("^(.-)%s*$")
        return value and value ~= "" and value or default
    end
    local host = headers["host"] and headers["host"][0] or ""
    local proto = first("x-forwarded-proto", txn:get_var("sess.proto"))
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
