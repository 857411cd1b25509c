-- Says at the door that this worker has begun and has to be told which apps are awake; then asks there again and again
-- whether the proxy process lives, since nobody else tells it who sleeps.
-- One that is there and does not answer (it is stopped, or stuck) may have been given up by the scaler, and apps be put
-- to sleep: from then on nobody passes without a question, until it answers.
-- When it has been gone for long this worker ends. A proxy process that comes back before that finds HAProxy serving, and
-- takes it over.

local DOOR = "unix@../door.sock"
local COMMANDS = "unix@run.sock"
local PATIENCE = tonumber(os.getenv("TORPOR_ORPHAN_SECONDS"))
local STUCK = tonumber(os.getenv("TORPOR_STUCK_SECONDS"))
local LOOK = 1    -- seconds between two looks, and for an answer

-- Whether somebody is there, and whether he answers.
local function ask(question)
    local socket = core.tcp()
    socket:settimeout(LOOK)
    local there = socket:connect(DOOR)
    local answer = there and socket:send(#question .. "\n" .. question) and socket:receive("*l")
    socket:close()
    return there, answer
end

local function empty_lane()
    local socket = core.tcp()
    socket:settimeout(LOOK)
    local done = socket:connect(COMMANDS)
        and socket:send("clear map addresses.map; clear map several.map\n")
        and socket:receive("*a")
    socket:close()
    return done
end

core.register_task(function()
    local hello = core.tcp()
    if hello:connect(DOOR) then
        hello:send("5\nbegun")
    end
    hello:close()
    local there_at = core.now().sec
    local heard_at = there_at
    local emptied = false
    while true do
        core.sleep(LOOK)
        local there, answer = ask(emptied and "emptied" or "there")
        local now = core.now().sec
        there_at = there and now or there_at
        if answer then
            heard_at = now
            emptied = false
        elseif there and now - heard_at >= STUCK then
            if not emptied then
                core.Alert("the proxy process has not answered for " .. now - heard_at .. " s; it is asked about each visit")
            end
            emptied = empty_lane() and true or emptied
        end
        if now - there_at >= PATIENCE then
            core.Alert("the proxy process is gone for " .. now - there_at .. " s; ending")
            os.exit(0)
        end
    end
end)
