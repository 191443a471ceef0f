"""What the benchmark makes of its runs."""

import json
from dataclasses import replace

import pytest
from bench_objects import Answer, Request, Store
from bench_report import OURS, Goal, Result, Run, Spread, as_json, compared, goals_of, lines_of
from bench_rows import ROWS, Row, chosen
from bench_server import unframed

ROW = Row(name="send", kind="upload", rounds=3, peers={"quick": 1.2, "other": None, "away": 1.0}, most={"peak": 100})
RUNS = {
    OURS: [Run(2.0, 1.5, 90), Run(4.0, 1.0, 120), Run(3.0, 2.0, 95)],
    "quick": [Run(2.0, 0, 0), Run(2.5, 0, 0), Run(9.0, 0, 0)],
    "other": [Run(6.0, 0, 0)] * 3,
}


def test_spread_is_median_least_and_most() -> None:
    """One run that was disturbed moves the ends alone."""
    assert Spread.of([3, 1, 100]) == Spread(median=3, least=1, most=100)
    assert str(Spread.of([2, 1])) == "1.50 (1.00-2.00)"


@pytest.mark.parametrize(("quartile", "seconds"), [(False, 3.0), (True, 2.0)])
def test_lower_quartile_is_compared_where_the_row_asks_for_it(quartile: bool, seconds: float) -> None:
    """Of five runs the median is the third, the lower quartile the second."""
    runs = [Run(float(number), 0, 0) for number in (5, 1, 3, 2, 4)]
    assert compared(replace(ROW, quartile=quartile), runs) == seconds


def test_goals_are_judged_beside_the_peers_that_ran() -> None:
    """A peer without a goal, or without runs, is no goal; limits of ours are compared by the median."""
    goals = goals_of(ROW, RUNS)
    assert goals == [Goal("x quick", 1.2, 1.2), Goal("peak", 95, 100)]
    assert [goal.is_met for goal in goals] == [True, True]
    assert not Goal("x quick", 1.206, 1.2).is_met


def test_table_shows_ratio_goal_and_what_is_missing() -> None:
    """Each peer has its ratio, each goal its verdict, and what is not installed is named."""
    result = Result(row=ROW, runs=RUNS, missing=("away",), goals=[Goal("x quick", 1.21, 1.2)])
    words = [line.split() for line in lines_of(result)]
    assert words == [
        ["send"],
        ["ours", "3.00", "(2.00-4.00)", "s", "cpu", "1.50", "(1.00-2.00)", "s", "peak", "120", "MB"],
        ["quick", "2.50", "(2.00-9.00)", "s", "x", "1.20"],
        ["other", "6.00", "(6.00-6.00)", "s", "x", "0.50"],
        ["goal", "x", "quick", "1.21,", "at", "most", "1.2:", "MISSED"],
        ["not", "installed:", "away"],
    ]


def test_json_has_every_run_and_ratio() -> None:
    """What is written can be read, and holds the runs, their spread, ratios and goals."""
    failed = Result(row=ROW, runs={}, failed="FAILED: no server")
    made = as_json([Result(row=ROW, runs=RUNS, goals=goals_of(ROW, RUNS)), failed], {"cpus": 2})
    read = json.loads(json.dumps(made))
    first, second = read["rows"]
    assert read["machine"] == {"cpus": 2}
    assert first["runs"][OURS]["runs"][0] == {"seconds": 2.0, "cpu": 1.5, "peak": 90}
    assert first["runs"][OURS]["peak"] == {"median": 95, "least": 90, "most": 120}
    assert "ratio" not in first["runs"][OURS]
    assert first["runs"]["other"]["ratio"] == 0.5
    assert first["goals"][0] == {"text": "x quick", "reached": 1.2, "goal": 1.2, "met": True}
    assert second["failed"] == "FAILED: no server"


def test_rows_are_chosen_by_kind_or_name() -> None:
    """A word of `--only` names a kind, or what is in the name; names are distinct."""
    kinds = {row.kind for row in chosen(("release", "inv --list"), quick=False, full=False, rounds=None)}
    assert kinds == {"release", "list"}
    everything = chosen((), quick=False, full=True, rounds=2)
    assert len({row.name for row in everything}) == len(everything) > len(ROWS)
    assert {row.rounds for row in everything} == {2}


def test_quick_rows_have_no_goals() -> None:
    """Tiny files prove nothing of what large ones are to reach."""
    rows = chosen((), quick=True, full=False, rounds=None)
    assert not any(goal for row in rows for goal in (*row.peers.values(), *row.most.values()))
    assert max(row.count * row.size for row in rows) < 100_000


def ask(store: Store, method: str, key: str, body: bytes = b"", **headers: str) -> Answer:
    """Ask the server for timings for an object."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return store.of_object(f"bucket/{key}", Request(method, f"/bucket/{key}", {}, names, body, len(body)))


def test_server_for_timings_honours_conditions_and_digests() -> None:
    """It takes part in what an upload does as a real one would: otherwise other work is measured."""
    store = Store()
    assert ask(store, "PUT", "a", b"one", if_none_match="*").status == 200
    assert ask(store, "PUT", "a", b"two", if_none_match="*").status == 412
    assert ask(store, "PUT", "a", b"two", if_match='"other"').status == 412
    assert ask(store, "PUT", "a", b"two", content_md5="1B2M2Y8AsgTpgAmY7PhCfg==").status == 400
    assert ask(store, "PUT", "a", b"two", x_amz_meta_sha256="77").status == 200
    shown = ask(store, "GET", "a", range="bytes=1-")
    assert (shown.status, bytes(shown.body), shown.headers["x-amz-meta-sha256"]) == (206, b"wo", "77")
    assert ask(store, "DELETE", "a").status == 204
    assert ask(store, "HEAD", "a").status == 404


def test_server_for_timings_lists_in_pages() -> None:
    """A listing goes on where it was cut, and a folder is shown once."""
    store, keys = Store(), []
    for name in ("x/1", "x/2", "x/y/1", "x/y/2", "z"):
        ask(store, "PUT", name)
    after = ""
    for _ in range(2):
        query = {"prefix": "x/", "max-keys": "2", "marker": after}
        text = bytes(store.of_bucket("bucket", Request("GET", "/bucket", query, {}, b"", 0)).body).decode()
        keys.append(text.count("<Key>"))
        after = text.partition("<NextMarker>")[2].partition("<")[0]
    assert (keys, after) == ([2, 2], "")
    query = {"delimiter": "/"}
    text = bytes(store.of_bucket("bucket", Request("GET", "/bucket", query, {}, b"", 0)).body).decode()
    assert (text.count("<Key>"), text.count("<Prefix>x/</Prefix>")) == (1, 1)


def test_body_in_chunks_of_aws_is_unframed() -> None:
    """What boto3 sends is stored as it was meant."""
    assert unframed(b"3;sig=a\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum:1\r\n\r\n") == b"abcde"
