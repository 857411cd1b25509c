"""A cluster that answers what a test has written down, for what a real one does only when somebody comes in between."""

from typing import Any

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, from_status

type Json = dict[str, Any]


class Scripted(Cluster):
    """Reads give `live`; each write takes the next of `answers`: an object, or an error to raise."""

    def __init__(self, live: Json | None, *answers: Json | ApiError) -> None:
        self.live = live
        self.answers = list(answers)
        self.sent: list[tuple[str, Any, Any]] = []
        """Method, body or version, and the keywords that matter."""

    async def get(self, *args: Any, **more: Any) -> Json:
        if self.live is None:
            raise ApiError(404, "NotFound", "there is no such thing")
        return self.live

    async def patch(self, kind: Any, namespace: Any, name: Any, body: Json, **more: Any) -> Json:  # type: ignore[override]
        self.sent.append(("PATCH", body, more["force"]))
        return self._next()

    async def delete(self, kind: Any, namespace: Any, name: Any, *, version: Any = None, **more: Any) -> None:
        self.sent.append(("DELETE", version, None))
        self._next()

    def _next(self) -> Json:
        answer = self.answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer


def conflict(**owners: str) -> ApiError:
    """What the API server says of fields that others own; `spec_replicas="kubectl"` is `.spec.replicas`."""
    causes = [
        {
            "reason": "FieldManagerConflict",
            "field": "." + field.replace("__", "/").replace("_", "."),
            "message": f'conflict with "{owner}" with subresource "scale" using apps/v1',
        }
        for field, owner in owners.items()
    ]
    return from_status({"code": 409, "reason": "Conflict", "message": "conflicts", "details": {"causes": causes}})


CHANGED = ApiError(409, "Conflict", "the object has been modified")
