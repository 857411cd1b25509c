from scaler.proxies import Proxies
from torpor import link


def work(in_flight: int = 0, busy: int = 0, held: int = 0) -> link.Work:
    return link.Work(in_flight=in_flight, busy=busy, held=held, idle_for=1.0)


def test_several_proxies_add_up() -> None:
    proxies = Proxies()
    one, two = proxies.connect("one", "x", started_at=0.0), proxies.connect("two", "x", started_at=0.0)
    proxies.report(one, "a", work(1, 2, 3), 10.0)
    proxies.report(two, "a", work(4, 5, 6), 10.0)
    assert (proxies.in_flight("a"), proxies.busy("a"), proxies.held("a")) == (5, 7, 9)
    proxies.report(one, "a", work(), 11.0)
    assert (proxies.in_flight("a"), proxies.busy("a"), proxies.held("a")) == (4, 5, 6)
    assert one.seen == {}


def test_ages_become_times_of_our_own_clock_and_never_lie_in_the_future() -> None:
    proxies = Proxies()
    proxy = proxies.connect("one", "x", started_at=0.0)
    assert proxies.report(proxy, "a", work(), 100.0).last_access == 99.0
    odd = link.Work(in_flight=0, busy=0, held=0, idle_for=-5.0)
    assert proxies.report(proxy, "a", odd, 100.0).last_access == 100.0


def test_a_proxy_without_goodbye_is_out_of_reach_for_a_lease_and_then_forgotten() -> None:
    proxies = Proxies()
    proxy = proxies.connect("one", "x", started_at=0.0)
    proxies.disconnect(proxy, 10.0, clean=False)
    assert (proxies.live(), proxies.out_of_reach()) == ([], [proxy])
    assert proxies.forget(10.0 + link.LEASE - 0.1) == []
    assert proxies.forget(10.0 + link.LEASE) == [proxy]
    assert proxies.out_of_reach() == []


def test_a_proxy_that_is_killed_is_out_of_reach_for_as_long_as_its_engine_goes_on_alone() -> None:
    proxies = Proxies()
    proxies.connect("other", "x", started_at=0.0)
    proxy = proxies.connect("one", "x", started_at=0.0, alone=60.0)
    proxies.disconnect(proxy, 10.0, clean=False)
    assert proxies.next_forgotten == 70.0
    assert proxies.forget(69.9) == []
    assert proxies.forget(70.0) == [proxy]
    assert proxies.next_forgotten is None


def test_one_that_falls_silent_is_out_of_reach_for_a_lease_whatever_its_engine_does() -> None:
    proxies = Proxies()
    proxy = proxies.connect("one", "x", started_at=0.0, alone=60.0)
    proxies.disconnect(proxy, 10.0, clean=False, silent=True)
    assert proxies.next_forgotten == 10.0 + link.LEASE


def test_when_another_one_has_come_in_its_place_a_lease_is_enough() -> None:
    proxies = Proxies()
    proxy = proxies.connect("one", "x", started_at=0.0, alone=60.0)
    proxies.disconnect(proxy, 10.0, clean=False)
    proxies.connect("two", "x", started_at=11.0, alone=60.0)
    assert proxies.next_forgotten == 10.0 + link.LEASE


def test_a_proxy_that_comes_back_keeps_its_work_until_it_reports_anew() -> None:
    proxies = Proxies()
    old = proxies.connect("one", "x", started_at=0.0)
    proxies.report(old, "a", work(1, 1), 10.0)
    proxies.disconnect(old, 11.0, clean=False)
    new = proxies.connect("one", "x", started_at=0.0)
    assert proxies.in_flight("a") == 1
    proxies.disconnect(old, 12.0, clean=False)
    assert proxies.live() == [new]
