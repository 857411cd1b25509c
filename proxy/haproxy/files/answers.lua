-- The errors that HAProxy tells by itself (errors/STATUS.http), for Lua to tell.

local known = {}

for _, status in ipairs({ 400, 501, 503 }) do
    local file = assert(io.open("errors/" .. status .. ".http", "rb"))
    local head, body = file:read("a"):match("^[^\r]*\r\n(.-\r\n)\r\n(.*)$")
    file:close()
    local headers = {}
    for name, value in head:gmatch("([^:\r\n]+): ([^\r\n]*)\r\n") do
        if name ~= "Connection" then
            headers[name] = { value }
        end
    end
    known[status] = { status = status, headers = headers, body = body }
end

-- Ends the visit with this answer.
function refuse(txn, status)
    txn:done(txn:reply(known[status]))
end
