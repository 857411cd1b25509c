"""Who may link up as a proxy in a cluster: whoever shows the token of a ServiceAccount that the operator has named."""

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.reviews import NotReviewed, Reviews
from scaler.welcome import CannotTell, Stranger, Welcome

ACCOUNT = "system:serviceaccount:"


def accounts(
    cluster: Cluster,
    named: frozenset[str],
    *,
    needed: str = "The link needs the token of a proxy's ServiceAccount.",
    stranger: str = "is no proxy here; the setting kubernetes.proxies names those who are.",
) -> Welcome:
    """Those whose ServiceAccount, as `namespace/name`, is among these; the API server says whose a token is. `needed`
    is said to those without a token, `stranger` of those who are not among them."""
    users = {ACCOUNT + name.replace("/", ":") for name in named}
    reviews = Reviews(cluster)

    async def look(token: str) -> str | None:
        if not token:
            return needed
        try:
            user = await reviews.user(token)
        except NotReviewed as error:
            raise CannotTell(str(error)) from error
        if user is None:
            return "The cluster does not know this token, or it has expired."
        if user not in users:
            return Stranger(f"{user} {stranger}")
        return None

    return look
