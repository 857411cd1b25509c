"""What `helm test` runs: a scaler leads, proxies are linked to it, and one of them answers at the proxies' Service."""

import http.client
import json
import sys
import time

DEADLINE = 60.0


def ask(place, path, host):
    """The status of an answer, and its JSON where it is that."""
    connection = http.client.HTTPConnection(place, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "kube-probe/helm-test"})
        answer = connection.getresponse()
        body = answer.read(100_000)
        return answer.status, json.loads(body or b"{}")
    finally:
        connection.close()


def wrong(scaler, proxy):
    """What is not well; None when all is."""
    status, info = ask(scaler, "/v1/info", scaler)
    if status != 200 or not info.get("leader"):
        return f"no scaler leads: {status} {info}"
    if not info.get("proxies"):
        return "no proxy is linked to the scaler that leads"
    status, _ = ask(proxy, "/", "helm-test.invalid")
    return None if status == 404 else f"a proxy answers {status} for a host that no app has, and not 404"


def main(scaler, proxy):
    """The exit status."""
    until = time.monotonic() + DEADLINE
    while True:
        try:
            found = wrong(scaler, proxy)
        except (OSError, ValueError, http.client.HTTPException) as error:
            found = f"no answer: {error!r}"
        if found is None or time.monotonic() > until:
            break
        time.sleep(1)
    print(found or "A scaler leads, and proxies are linked to it and answer.")
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
