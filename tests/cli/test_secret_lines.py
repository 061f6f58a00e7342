"""Lines of secrets, from any bytes."""

import csv
import io
import json
import threading

from hypothesis import example, given
from hypothesis import strategies as st

from tokenvend_cli.deployment.pace import Pace
from tokenvend_cli.deployment.secret_lines import SecretLine, parse_lines

_TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20)
#: What CSV can carry: line ends become one kind, and NUL is none of them.
_CELLS = _TEXTS.filter(lambda text: text.strip() and not {"\r", "\0"} & set(text))
_FIELDS = st.sampled_from(["client_id", "client_secret", "private_key"])


@given(st.lists(st.tuples(_TEXTS, st.none() | _TEXTS, st.dictionaries(_TEXTS, _TEXTS)), max_size=5))
def test_json_lines_come_back_as_they_were(
    lines: list[tuple[str, str | None, dict[str, str]]],
) -> None:
    text = "\n".join(
        json.dumps({"name": name, "tenant": tenant, "fields": fields})
        for name, tenant, fields in lines
    )

    assert list(parse_lines(text.encode())) == [
        SecretLine(number, *line) for number, line in enumerate(lines, start=1)
    ]


@given(
    st.lists(
        st.tuples(_CELLS, st.just("") | _CELLS, st.dictionaries(_FIELDS, _CELLS)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@example([('"', "", {"client_id": ";\n,"})], ",", "\r\n")
def test_csv_comes_back_as_it_was(
    lines: list[tuple[str, str, dict[str, str]]], delimiter: str, line_end: str
) -> None:
    columns = ["name", "tenant", "client_id", "client_secret", "private_key"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows([{"name": name, "tenant": tenant} | fields for name, tenant, fields in lines])

    found = list(parse_lines(text.getvalue().encode()))

    assert [(each.name, each.tenant, each.fields) for each in found] == [  # type: ignore[union-attr]
        (name, tenant or None, fields) for name, tenant, fields in lines
    ]


def test_line_does_not_show_its_fields() -> None:
    assert "hunter2" not in repr(SecretLine(1, "jobs", None, {"client_secret": "hunter2"}))


def test_pace_lets_threads_through_at_even_distances() -> None:
    now = 100.0
    slept: list[float] = []
    pace = Pace(4, clock=lambda: now, sleep=slept.append)

    threads = [threading.Thread(target=pace.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(slept) == [0.25, 0.5, 0.75, 1.0]


def test_pace_saves_nothing_up_for_a_burst() -> None:
    times = [100.0]
    slept: list[float] = []
    pace = Pace(4, clock=lambda: times[-1], sleep=slept.append)

    pace.wait()
    times.append(200.0)
    pace.wait()
    pace.wait()

    assert slept == [0.25]
