"""The HAProxy engine: one rendered configuration, and a fast lane that is changed over HAProxy's runtime socket.

How it works is told in files/haproxy.cfg.j2, which is also what HAProxy runs. The parts here, each a file or a few:

engine.py begins and ends all of it, for the proxy. What HAProxy reads is made in configuration.py and kept in state.py;
program.py finds HAProxy. process.py is one life of it, generations.py all that run, succession.py which of them takes
new visits, listeners.py the sockets that they hand on, left.py what a killed proxy process has left behind.

door.py is where HAProxy asks the doorman. lane.py opens and closes the fast lane: lines.py and maps.py say what
HAProxy's maps should hold, worker.py and runtime.py speak with it, activity.py and counts.py bring home what it has
counted. uploads.py ends those that stall.

TLS: certificates.py and pem.py read the directory, crt_list.py says what HAProxy should hold of it, and
certificate_keeper.py brings it there.
"""
