"""The URLs to type into a browser."""

from torpor.words import Address


def base_url(address: Address, *, tls: bool = False) -> str:
    """The URL of what listens there."""
    return f"https://{str(address).removesuffix(':443')}" if tls else f"http://{str(address).removesuffix(':80')}"


def app_url(hosts: tuple[str, ...], listen: Address, *, tls: bool = False) -> str:
    """The URL of an app: its first host that one can type, at the port where visitors come in; `""` without one."""
    plain = [host for host in hosts if not host.startswith(("*", "?")) and " " not in host]
    if not plain:
        return ""
    host, slash, path = plain[0].removeprefix("=").partition("/")
    port = "" if listen.port == (443 if tls else 80) else f":{listen.port}"
    return f"{'https' if tls else 'http'}://{host}{port}{slash}{path}"
