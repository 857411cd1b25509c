"""The keeper: a small process of its own that is the parent of all apps, so that they never outlive Torpor.

It runs as `python -I -S …/keeper FD`, with nothing but the standard library, and is told what to do over that socket
only: one JSON object a line. To the keeper:

    {"do": "spawn", "id", "command", "directory", "env", "log", "log_bytes"}
    {"do": "stop", "id", "grace"}           seconds from SIGTERM to SIGKILL

From the keeper, in this order for one id:

    {"id", "pid"}                           the program runs
    {"id", "stage", "errno"}                it does not: what failed (log, process, directory, command); nothing follows
    {"id", "exited", "left"}                the main process ended: exit code or minus the signal; what it left running
    {"id", "gone"}                          nothing of it runs any more, but for the processes named here
"""
