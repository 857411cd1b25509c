"""How the doors of an app are called towards proxies: each is a view of its own, with an id that names its app.

An app may serve visitors at several ports, and a route leads to one of them. Proxies need not know: they see a view
for each door, `namespace/name` for the main one (its key is ""), `namespace/name:key` for the others. No app's id has a
colon in it, so whose a view is can be read from its id, also when the door has been taken away meanwhile.
"""

from torpor.words import AppId

MAIN = ""
"""The key of an app's first door; local apps have only this one."""


def view_id(app: AppId, door: str) -> AppId:
    """What proxies call a door of an app."""
    return f"{app}:{door}" if door else app


def whose(view: AppId) -> tuple[AppId, str]:
    """The app and the door that a view is of."""
    app, _, door = view.partition(":")
    return app, door
