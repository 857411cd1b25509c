from scaler.outbox import Outbox


async def test_changes_of_one_view_that_follow_each_other_are_one_entry_in_its_first_place() -> None:
    outbox = Outbox()
    for view in ("a", "b", "a", "a"):
        outbox.put(view)
    assert [await outbox.get(0.01) for _ in range(3)] == ["a", "b", None]


async def test_a_view_that_changes_again_after_it_was_taken_is_told_again() -> None:
    outbox = Outbox()
    outbox.put("a")
    assert await outbox.get(0.01) == "a"
    outbox.put("a")
    assert await outbox.get(0.01) == "a"


async def test_who_has_lost_a_route_is_told_after_whoever_may_have_it_now() -> None:
    outbox = Outbox()
    outbox.put("loser")
    outbox.put("loser", losing=True)
    outbox.put("gone", losing=True)
    outbox.put("taker")
    outbox.put("loser")
    assert [await outbox.get(0.01) for _ in range(4)] == ["taker", "loser", "gone", None]


async def test_who_has_lost_a_route_is_not_overtaken_by_what_changes_later() -> None:
    outbox = Outbox()
    outbox.put("loser", losing=True)
    outbox.put("taker")
    told = []
    for other in ("a", "b"):
        told.append(await outbox.get(0.01))
        outbox.put(other)
    assert [*told, await outbox.get(0.01), await outbox.get(0.01)] == ["taker", "loser", "a", "b"]
