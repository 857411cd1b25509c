"""Who may apply, beside those who have the API's own token: ServiceAccounts that an operator has named."""

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.welcome import accounts
from scaler.welcome import Welcome

NEEDED = "Applying needs a token: that of this Torpor, or of a ServiceAccount that kubernetes.apply.accounts names."
STRANGER = "may not apply here; the setting kubernetes.apply.accounts names those who may."


def deployers(cluster: Cluster, named: frozenset[str]) -> Welcome:
    """Without any named, the API server is not asked: no token of another sort is shown to it."""
    if named:
        return accounts(cluster, named, needed=NEEDED, stranger=STRANGER)

    async def nobody(token: str) -> str | None:
        return NEEDED

    return nobody
