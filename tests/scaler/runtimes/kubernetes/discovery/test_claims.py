from scaler.runtimes.kubernetes.discovery.claims import Claim, Claims, Share, Touched, rank
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.service import Backend
from torpor.routes import parse_route

HOST, DOCS = parse_route("h.example"), parse_route("h.example/docs")
OLD, NEW = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


def ref(name: str) -> Ref:
    return Ref("networking.k8s.io", "v1", "ingresses", "Ingress", "shop", name)


def claim(name: str, service: str, created: str = NEW, *, default: bool = False) -> Claim:
    shares = (Share(Backend("shop", service, 80)),)
    return Claim(HOST, ref(name), rank(ref(name), created, default=default), shares)


def test_the_oldest_is_right_then_the_first_by_name_and_a_default_comes_last() -> None:
    claims = Claims()
    for one in (claim("b", "x"), claim("c", "y", OLD), claim("a", "z"), claim("d", "w", "2020", default=True)):
        claims.put(one.source, [one])
    for name in ("c", "a", "b", "d"):
        right = claims.right(HOST)
        assert right is not None
        assert right.source == ref(name)
        claims.put(right.source, [])
    assert claims.right(HOST) is None


def test_a_change_touches_only_where_the_route_led_and_leads_now() -> None:
    claims = Claims()
    assert claims.put(ref("a"), [claim("a", "x")]) == Touched({("shop", "x")}, {HOST})
    assert claims.put(ref("a"), [claim("a", "x")]) == Touched(set(), set())
    assert claims.put(ref("b"), [claim("b", "y")]) == Touched(set(), {HOST})
    assert claims.put(ref("a"), [claim("a", "x")._replace(way=DOCS)]) == Touched(
        {("shop", "x"), ("shop", "y")}, {HOST, DOCS}
    )
    assert set(claims.leading_to(("shop", "x"))) == {DOCS}


def test_who_is_wrong_but_leads_to_the_same_is_not_told() -> None:
    claims = Claims()
    for one in (claim("a", "x"), claim("b", "x"), claim("c", "y")):
        claims.put(one.source, [one])
    assert [one.source.name for one in claims.wrong(HOST)] == ["c"]


def test_a_route_may_lead_to_a_workload_itself() -> None:
    claims = Claims()
    own = Claim(HOST, ref("a"), rank(ref("a"), NEW), (), "shop/web")
    assert claims.put(ref("a"), [own]).places == {"shop/web"}
    assert set(claims.leading_to("shop/web")) == {HOST}
