"""The HAProxy engine: one rendered configuration, and a fast lane that is changed over HAProxy's runtime socket.

How it works is told in files/haproxy.cfg.j2, which is also what HAProxy runs. The parts here: the state directory, the
process, the runtime socket, the maps, the activity, the door (through which HAProxy asks the doorman), the engine.
"""
