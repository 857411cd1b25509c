from proxy.ledger import HOLDS_KEPT, Ledger


def test_a_visit_is_in_flight_from_its_begin_to_its_end_and_both_are_signs_of_use() -> None:
    time = [100.0]
    ledger = Ledger(lambda: time[0])
    ledger.begin("a", counts=True)
    time[0] = 150.0
    work = ledger.work("a")
    assert (work.in_flight, work.busy, work.idle_for) == (1, 1, 50.0)
    ledger.end("a", counts=True)
    time[0] = 160.0
    work = ledger.work("a")
    assert (work.in_flight, work.busy, work.idle_for) == (0, 0, 10.0)


def test_what_does_not_count_is_busy_but_no_use() -> None:
    ledger = Ledger(lambda: 1.0)
    ledger.begin("a", counts=False)
    work = ledger.work("a")
    assert (work.in_flight, work.busy, work.idle_for) == (0, 1, None)


def test_a_report_tells_only_what_changed_and_each_change_once() -> None:
    ledger = Ledger()
    ledger.begin("a", counts=True)
    ledger.hold("b")
    ledger.count("a", "fast forwarded")
    ledger.count("a", "fast forwarded")
    ledger.count_hold("b", 0.5)
    report = ledger.report()
    assert set(report.apps) == {"a", "b"}
    assert report.counts["a"].requests == {"fast forwarded": 2}
    assert report.counts["b"].hold_seconds == [0.5]
    again = ledger.report()
    assert (again.apps, again.counts) == ({}, {})


def test_a_scaler_that_knows_nothing_is_told_everything() -> None:
    ledger = Ledger()
    ledger.begin("a", counts=False)
    ledger.report()
    assert ledger.report(everything=True).apps["a"].busy == 1


def test_the_hold_times_of_a_storm_are_bounded() -> None:
    ledger = Ledger()
    for _ in range(HOLDS_KEPT * 2):
        ledger.count_hold("a", 1.0)
    assert len(ledger.report().counts["a"].hold_seconds) == HOLDS_KEPT


def test_an_app_that_is_gone_is_forgotten_once_nothing_is_open_and_the_scaler_hears_so() -> None:
    ledger = Ledger()
    ledger.begin("a", counts=True)
    ledger.report()
    ledger.forget("a")
    assert ledger.work("a").busy == 1
    ledger.end("a", counts=True)
    assert ledger.report().apps["a"].busy == 0
    assert ledger.report(everything=True).apps == {}
