-- What the plain rules of haproxy.cfg leave aside because it is rare: heads that say more than most, paths and visitors
-- that do not count as use. The rules are those of proxy/visitors.py, proxy/policy.py, and RFC 9110 section 7.6.1.

local PROGRESS = "/.well-known/torpor/progress"
local USUAL = "pag"
local RARE = { m = true, c = true }
local HOPS = {
    ["keep-alive"] = true, ["http2-settings"] = true, ["content_length"] = true, ["transfer_encoding"] = true,
}
local GUESSES = { "prefetch", "prerender", "preview" }
local STAYS = {
    ["host"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["connection"] = true,
    ["upgrade"] = true, ["close"] = true, ["keep-alive"] = true,
}

-- And nobody has what tells who they are taken out by naming it, not even through a proxy that is trusted.
local OURS = { "^x[-_]forwarded[-_]", "^forwarded", "^x[-_]real[-_]ip" }

local agents = Map.new("agents.map", Map._reg)

local function starts(text, with)
    return text:sub(1, #with) == with
end

-- The first value of a header, or nothing.
local function first(headers, name)
    return headers[name] and headers[name][0] or ""
end

-- What is wrong with a request's first line, as a status; or nothing.
local function wrong(method, uri, path, version, coded)
    if method == "CONNECT" or method == "TRACE" then
        return 501
    elseif not (uri:match("^/") or uri:match("^https?://")) or path:sub(1, 1) ~= "/" then
        return 400
    elseif version ~= "2" and version ~= "1.1" and (version ~= "1.0" or coded) then
        return 400
    end
end

core.register_action("line", { "http-req" }, function(txn)
    local uri = txn.f:url() or ""
    local version = txn.f:fc_http_major() == 2 and "2" or txn.f:req_ver() or ""
    local coded = txn.http:req_get_headers()["transfer-encoding"]
    local status = wrong(txn.f:method(), uri:lower(), txn.f:path() or "", version, coded)
    if status then
        refuse(txn, status)
    elseif version ~= "2" and uri:sub(1, 1) ~= "/" then
        txn.http:req_set_uri(txn.f:pathq())
    end
end, 0)

-- What a user agent says of its visitor. The one that a connection named last is remembered if its visits are use.
local function kind_of(txn, agent)
    if agent == txn:get_var("sess.agent") then
        return txn:get_var("sess.kind")
    end
    local kind = agents:lookup(agent:sub(1, 512):lower()) or "-"
    if not RARE[kind] then
        txn:set_var("sess.kind", kind)
        txn:set_var("sess.agent", agent)
    end
    return kind
end

-- Who comes, as a letter of those who may wake.
local function letter(txn, headers)
    if headers["user-agent"] then
        local kind = kind_of(txn, first(headers, "user-agent"))
        if kind and kind ~= "-" then
            return kind
        end
    end
    local mode = first(headers, "sec-fetch-mode")
    local navigates = mode == "" or mode == "navigate" or mode == "nested-navigate"
    if navigates and not headers["upgrade"] and first(headers, "accept"):find("text/html", 1, true) then
        return "p"
    end
    return "g"
end

local function guesses(headers)
    for _, word in ipairs(GUESSES) do
        if first(headers, "sec-purpose"):find(word, 1, true) or first(headers, "purpose"):find(word, 1, true) then
            return true
        end
    end
    return false
end

-- On which account a visit goes: its app's; or the one beside it, which is not use; or none, and the doorman is asked.
core.register_action("account", { "http-req" }, function(txn)
    local route, path = txn:get_var("txn.app"), txn:get_var("txn.path") or ""
    if not route then
        return
    end
    local wakes, app = route:match("^|([^|]*)|(.*)$")
    if starts(path, PROGRESS) then
        txn:unset_var("txn.app")
        return
    end
    if app then
        txn:set_var("txn.app", app)
    end
    local headers = txn.http:req_get_headers()
    local icon = path == "/favicon.ico" or starts(path, "/apple-touch-icon")
    local counts = (wakes or USUAL):find(letter(txn, headers), 1, true)
    if icon or not counts or guesses(headers) then
        txn:set_var("txn.aside", (app or route) .. "~")
    end
end, 0)

local function ours(name)
    for _, pattern in ipairs(OURS) do
        if name:match(pattern) then
            return true
        end
    end
    return false
end

-- The items of a header that is a list, in lower case.
local function listed(headers, name)
    local items = {}
    for _, value in pairs(headers[name] or {}) do
        for item in value:lower():gmatch("[^%s,]+") do
            items[#items + 1] = item
        end
    end
    return items
end

local function has(items, pattern)
    for _, item in ipairs(items) do
        if item:match(pattern) then
            return true
        end
    end
    return false
end

-- The headers that Connection names are for this connection only.
local function named(headers)
    local names = {}
    for _, name in ipairs(listed(headers, "connection")) do
        if not (STAYS[name] or ours(name)) then
            names[#names + 1] = name
        end
    end
    return names
end

local function fine_host(host)
    local name = host:match("^(.-):%d?%d?%d?%d?%d?$") or host
    return name:match("^[%w._-]+$") or name:match("^%[[%x:.]+%]$")
end

-- What goes to nobody: HAProxy 2.6 lets it pass, and an app may take it for something else.
local function ambiguous(headers)
    for _, length in pairs(headers["content-length"] or {}) do
        if length:match("^0%d") or #length > 18 then
            return true
        end
    end
    for at, coding in pairs(headers["transfer-encoding"] or {}) do
        if at > 0 or coding:lower() ~= "chunked" then
            return true
        end
    end
    for _, values in pairs(headers) do
        for i = 0, #values do
            if values[i]:find("[\0-\8\11-\31\127]") then
                return true
            end
        end
    end
    return not fine_host(first(headers, "host"))
end

-- Takes out what is for this connection only, and what would make the app switch to a protocol that hides visits.
local function clean(http, headers)
    local upgrade = listed(headers, "upgrade")
    local upgrades = #upgrade > 0 and has(listed(headers, "connection"), "^upgrade$") and not has(upgrade, "^h2")
    for _, name in ipairs(named(headers)) do
        http:req_del_header(name)
    end
    for name in pairs(headers) do
        if HOPS[name] or starts(name, "proxy") then
            http:req_del_header(name)
        end
    end
    if first(headers, "te"):lower() ~= "trailers" then
        http:req_del_header("te")
    end
    http:req_del_header("connection")
    if upgrades then
        http:req_add_header("connection", "upgrade")
    else
        http:req_del_header("upgrade")
    end
end

-- What a stranger says of who they are is replaced, as haproxy.cfg says it of everybody.
local function introduce(txn, headers)
    for name in pairs(headers) do
        if ours(name) then
            txn.http:req_del_header(name)
        end
    end
    local host = first(headers, "host")
    txn.http:req_add_header("X-Forwarded-For", txn:get_var("sess.peer"))
    txn.http:req_add_header("X-Forwarded-Proto", txn:get_var("sess.proto"))
    txn.http:req_add_header("X-Forwarded-Host", host)
    txn.http:req_add_header("Forwarded", txn:get_var("sess.hop") .. host .. '"')
end

core.register_action("head", { "http-req" }, function(txn)
    local headers = txn.http:req_get_headers()
    if ambiguous(headers) then
        refuse(txn, 400)
        return
    end
    clean(txn.http, headers)
    if not txn:get_var("sess.trusted") then
        introduce(txn, headers)
    end
    -- HAProxy goes on with its rules when an action breaks off, so it asks for this.
    txn:set_var("txn.clean", true)
end, 0)

-- The same for an app's answer.
core.register_action("hops_of_app", { "http-res" }, function(txn)
    local headers = txn.http:res_get_headers()
    local names = named(headers)
    for _, name in ipairs(names) do
        txn.http:res_del_header(name)
    end
    for name in pairs(headers) do
        if name == "keep-alive" or starts(name, "proxy") then
            txn.http:res_del_header(name)
        end
    end
    if #names > 0 then
        txn.http:res_del_header("connection")
        if has(listed(headers, "connection"), "^upgrade$") then
            txn.http:res_add_header("connection", "upgrade")
        end
    end
end, 0)
