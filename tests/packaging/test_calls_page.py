"""The page of real calls is the one that the tests make."""

from tests.tools import calls


def test_the_page_of_calls_has_a_row_for_each_form() -> None:
    assert calls.PAGE.read_text() == calls.page(), "python -m tests.tools.calls"
    counts = [len(list(calls.rows(folder, table))) for _, folder, table, *_ in calls.TABLES]
    assert all(count > 10 for count in counts)
    assert sum(counts) > 150
