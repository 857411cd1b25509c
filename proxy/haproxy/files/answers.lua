-- Answers that HAProxy gives by itself: its own errors (errors/STATUS.http), and what the doorman has said.

PIECE = 12000    -- bytes of a body that are sure to fit into a buffer beside the head, and into a variable

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

-- Ends the visit with this answer, or leaves it to the service below, which has to follow in the rules. What is left is
-- left in variables, which go with the visit.
function tell(txn, answer)
    if #answer.body <= PIECE then
        txn:done(txn:reply(answer))
        return
    end
    local lines = { answer.status .. " " .. answer.reason }
    for name, values in pairs(answer.headers) do
        for _, value in ipairs(values) do
            lines[#lines + 1] = name .. ": " .. value
        end
    end
    txn:set_var("txn.answer", table.concat(lines, "\n"))
    for at = 1, #answer.body, PIECE do
        txn:set_var("txn.answer_" .. at, answer.body:sub(at, at + PIECE - 1))
    end
end

core.register_service("large", "http", function(applet)
    local head = applet:get_var("txn.answer")
    local status, reason = head:match("^(%d+) ([^\n]*)")
    applet:set_status(tonumber(status), reason)
    for name, value in head:gmatch("\n([^:\n]+): ([^\n]*)") do
        applet:add_header(name, value)
    end
    applet:start_response()
    local at = 1
    local piece = applet.method ~= "HEAD" and applet:get_var("txn.answer_1")
    while piece do
        applet:send(piece)
        at = at + PIECE
        piece = applet:get_var("txn.answer_" .. at)
    end
end)
