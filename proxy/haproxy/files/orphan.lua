-- Says at the door that this worker has begun and has to be told which apps are awake; and ends it when its proxy
-- process has been gone for long, since nobody tells it that any more.
-- A proxy process that comes back before that finds HAProxy serving, and takes it over.

local DOOR = "unix@../door.sock"
local PATIENCE = tonumber(os.getenv("TORPOR_ORPHAN_SECONDS"))
local LOOK = math.max(1, PATIENCE // 10)    -- seconds between two looks

core.register_task(function()
    local gone = 0
    local hello = core.tcp()
    if hello:connect(DOOR) then
        hello:send("5\nbegun")
    end
    hello:close()
    while true do
        core.sleep(LOOK)
        local socket = core.tcp()
        socket:settimeout(LOOK)
        gone = socket:connect(DOOR) and 0 or gone + LOOK
        socket:close()
        if gone >= PATIENCE then
            core.Alert("the proxy process is gone for " .. gone .. " s; ending")
            os.exit(0)
        end
    end
end)
