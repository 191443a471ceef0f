"""Every level of configuration, and how bad values are refused."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import certifi
import pytest

from wheelhouse_tasks.cli import collection
from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings.locations import Container, Credentials, FolderIndex, WebIndex
from wheelhouse_tasks.settings.resolve import Settings, resolve
from wheelhouse_tasks.settings.rule import Rule
from wheelhouse_tasks.settings.table import MAX_WORKERS, ROWS, Options

S3 = {"provider": "s3", "container": "wheels"}
PASSWORD = "hunter2hunter2"


def settle(
    root: Path,
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    config: object = None,
    tool: Mapping[str, Any] | None = None,
    pyproject: str = "",
    setup_cfg: str | None = None,
) -> Settings:
    """Resolve the settings of a project that has these files, flags and variables."""
    lines = [pyproject]
    if tool is not None:
        lines += ["[tool.wheelhouse]", *(f"{key} = {toml(value)}" for key, value in tool.items())]
    if any(lines):
        (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    if setup_cfg is not None:
        (root / "setup.cfg").write_text(setup_cfg, encoding="utf-8")
    return resolve(flags or {}, environ or {}, {} if config is None else config, root)


def toml(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def test_defaults(tmp_path: Path) -> None:
    """Without any configuration everything has its default, which the README's table shows."""
    container = Container("local", str(tmp_path / "wheelhouse"))
    assert settle(tmp_path) == Settings(
        root=tmp_path,
        project=None,
        local_folder=tmp_path / "dist",
        container=container,
        container_given=False,
        provider_given=False,
        brought=frozenset(),
        indexes=(container,),
        rule=Rule(5, 0.0, frozenset()),
        options=Options(**{name: row.default for name, row in ROWS.items()}),
        environ={},
    )


def test_collection_declares_every_key() -> None:
    """The invoke collection declares every setting, so that invoke reads its variable, and no other."""
    assert collection.ns.configuration() == {"wheelhouse": {**dict.fromkeys(ROWS), "driver_options": {}}}


def test_keys_are_described() -> None:
    """Every setting says what it is for, in one line."""
    assert all(key.help.isprintable() and key.help for key in ROWS.values())


CERTIFICATES = TemporaryDirectory()


def certificates(folder: Path) -> Iterator[str]:
    """Make five files of certificates."""
    for number in range(5):
        path = folder / f"{number}.pem"
        shutil.copy(certifi.where(), path)
        yield str(path)


TRUTH = {"no": False, "yes": True, "off": False, "true": True, "0": False}
#: Five values of each setting that is written as text, and where it is found; a yes or no needs no line of its own.
Find = Callable[[Settings], object]
TEXTS: dict[str, tuple[tuple[str, ...], Find]] = {
    **{name: (tuple(TRUTH), attrgetter(f"options.{name}")) for name in ROWS if isinstance(ROWS[name].default, bool)},
    "secure": (tuple(TRUTH), lambda found: found.container.secure),
    "project": (("p1", "p2", "p3", "p4", "p5"), lambda found: found.project),
    "provider": (("minio", "s3", "cloudfiles", "nimbus", "ktucloud"), lambda found: found.container.provider),
    "container": (("c1", "c2", "c3", "c4", "c5"), lambda found: Path(found.container.container).name),
    "prefix": (("a/", "b/", "c/", "d/", "e/"), lambda found: found.container.prefix),
    "region": (("r1", "r2", "r3", "r4", "r5"), lambda found: found.container.region),
    "host": (("h1", "h2", "h3", "h4", "h5"), lambda found: found.container.host),
    "port": (("1", "2", "3", "4", "5"), lambda found: str(found.container.port)),
    "local_folder": (("l1", "l2", "l3", "l4", "l5"), lambda found: found.local_folder.name),
    "recursive": (("no", "yes", "off", "true", "0"), lambda found: found.options.recursive),
    "indexes": (
        ("i1", "i2", "i3", "i4", "i5"),
        lambda found: " ".join(Path(each.label).name for each in found.indexes),
    ),
    "trust": (("h1", "h2", "h3", "h4", "h5"), lambda found: " ".join(found.options.trust)),
    "public_url": (
        ("https://h1", "http://h2", "file:///h3", "https://h4/", "https://h5/x?y"),
        lambda found: found.options.public_url,
    ),
    "max_workers": (("1", "2", "3", "4", "5"), lambda found: str(found.options.max_workers)),
    "retries": (("1", "2", "4", "5", "0"), lambda found: str(found.container.retries)),
    "timeout": (("1.5", "2.5", "3.5", "4.5", "5.5"), lambda found: str(found.container.timeout)),
    "ca_bundle": (
        tuple(certificates(Path(CERTIFICATES.name))),
        lambda found: found.container.ca_bundle,
    ),
    "title": (("Demo nightlies", "a<b>", "c", "d", "e f"), lambda found: found.options.title),
    "keep": (("1", "2", "3", "4", "5"), lambda found: str(found.rule.keep)),
    "older_than": (("1.5", "2.5", "3.5", "4.5", "0.5"), lambda found: str(found.rule.older_than)),
    "pin": (("1", "2", "3", "4", "5"), lambda found: " ".join(map(str, found.rule.pin))),
    "grace": (("1.5", "2.5", "3.5", "4.5", "0.5"), lambda found: str(found.options.grace)),
    "repository": (("r1", "r2", "r3", "r4", "r5"), lambda found: found.options.repository),
    "repository_url": (("u1", "u2", "u3", "u4", "u5"), lambda found: found.options.repository_url),
    "check_url": (("u1", "u2", "u3", "u4", "u5"), lambda found: found.options.check_url),
    "missing_credentials": (("skip", "fail", "skip", "fail", "skip"), lambda found: found.options.missing_credentials),
    "expect": (("e1", "e2", "e3", "e4", "sdist"), lambda found: " ".join(found.options.expect)),
    "file_limit": (("1", "2", "3", "4", "5"), lambda found: str(found.options.file_limit)),
}
LEVELS = ("pyproject.toml", "invoke configuration", "INVOKE_WHEELHOUSE_", "WHEELHOUSE_", "flag")


def settle_levels(root: Path, key: str, said: Mapping[str, str]) -> Settings:
    """Resolve the settings where these levels say something about one key."""

    def at(level: str, name: str) -> dict[str, str]:
        return {name: said[level]} if level in said else {}

    return settle(
        root,
        tool=at("pyproject.toml", key),
        config=at("invoke configuration", key),
        environ={
            **at("INVOKE_WHEELHOUSE_", f"INVOKE_WHEELHOUSE_{key.upper()}"),
            **at("WHEELHOUSE_", f"WHEELHOUSE_{key.upper()}"),
        },
        flags=at("flag", key),
    )


def test_every_key_is_tested() -> None:
    """No setting is missing from the table, but the one that is never written as text."""
    assert {*TEXTS, "driver_options"} == set(ROWS)


def test_container_of_another_provider(tmp_path: Path) -> None:
    """A wheelhouse of another provider gets what the variables of that provider say, and ours do not go there."""
    known = {"OS_USERNAME": "me", "OS_PASSWORD": "secret", "OS_AUTH_URL": "https://k.example/v3", "OS_REGION_NAME": "r"}
    environ = {**known, "WHEELHOUSE_USERNAME": "other", "WHEELHOUSE_SECRET": "other"}
    (found,) = settle(tmp_path, flags={"indexes": ["openstack_swift://x"]}, environ=environ).indexes
    assert isinstance(found, Container)
    assert (found.credentials, found.region) == (Credentials("me", "secret"), "r")
    assert found.driver_options == {"ex_force_auth_url": "https://k.example/v3"}


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize("level", range(len(LEVELS)), ids=LEVELS)
def test_each_level_sets_each_key(key: str, level: int, tmp_path: Path) -> None:
    """Every setting can be written at every level, as text, and beats its default."""
    values, find = TEXTS[key]
    value = values[0]
    found = settle_levels(tmp_path, key, {LEVELS[level]: value})
    assert find(found) == (TRUTH[value] if isinstance(ROWS[key].default, bool) else value)


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize(
    ("lower", "higher"), list(pairwise(range(len(LEVELS)))), ids=[" < ".join(p) for p in pairwise(LEVELS)]
)
def test_each_level_beats_the_ones_below(key: str, lower: int, higher: int, tmp_path: Path) -> None:
    """For every setting, flag > variable > invoke configuration > pyproject.toml."""
    values, find = TEXTS[key]
    found = settle_levels(tmp_path, key, {LEVELS[at]: values[at] for at in range(lower, higher + 1)})
    value = values[higher]
    assert find(found) == (TRUTH[value] if isinstance(ROWS[key].default, bool) else value)


@pytest.mark.parametrize("source", ["tool", "config"])
def test_driver_options(source: str, tmp_path: Path) -> None:
    """The table of driver options is written in a file, and a higher level replaces it whole."""
    options = {"api_version": "2", "deep": {"x": 1}}
    assert settle(tmp_path, **{source: {"driver_options": options}}).container.driver_options == options  # type: ignore[arg-type]
    found = settle(tmp_path, tool={"driver_options": {"a": 1}}, config={"driver_options": {"b": 2}})
    assert found.container.driver_options == {"b": 2}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            {"setup_cfg": "[wheelhouse_uploader]\nartifact_indexes =\n  one\n  two\n"}, ["one", "two"], id="old"
        ),
        pytest.param(
            {"setup_cfg": "[wheelhouse_uploader]\nartifact_indexes = one", "tool": {"indexes": ["two"]}},
            ["two"],
            id="tool",
        ),
        pytest.param({"setup_cfg": "[metadata]\nname = 100%\n"}, ["wheelhouse"], id="other section"),
        pytest.param({"setup_cfg": ""}, ["wheelhouse"], id="empty"),
        pytest.param({"tool": {"indexes": "one two"}}, ["one", "two"], id="words of a text"),
        pytest.param(
            {"tool": {"indexes": ["one two", " three "]}}, ["one two", "three"], id="a list, with blanks in a path"
        ),
        pytest.param({"flags": {"indexes": ["one"]}, "tool": {"indexes": ["two"]}}, ["one"], id="flag"),
        pytest.param({"flags": {"indexes": []}, "tool": {"indexes": ["two"]}}, ["two"], id="flag not given"),
    ],
)
def test_indexes(arguments: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    """Indexes come from setup.cfg, as of old, from every other level before it, and else are the container."""
    assert [Path(each.label).name for each in settle(tmp_path, **arguments).indexes] == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"pyproject": '[project]\nname = "My.Demo"'}, "my-demo", id="of the project"),
        pytest.param({"pyproject": '[project]\nname = "a"', "tool": {"project": "b"}}, "b", id="of the tool"),
        pytest.param(
            {"pyproject": '[project]\nname = "a"', "environ": {"WHEELHOUSE_PROJECT": "b"}}, "b", id="variable"
        ),
        pytest.param({"pyproject": '[project]\ndynamic = ["name"]'}, None, id="project without a name"),
    ],
)
def test_project(arguments: dict[str, Any], expected: str | None, tmp_path: Path) -> None:
    """The project is that of pyproject.toml, normalised, unless a level names another."""
    assert settle(tmp_path, **arguments).project == expected


def test_project_is_needed(tmp_path: Path) -> None:
    """A command that needs a project says how to name one."""
    assert settle(tmp_path, flags={"project": "Demo"}).need_project() == "demo"
    with pytest.raises(UsageError) as refused:
        settle(tmp_path).need_project()
    assert str(refused.value) == "project: not set (use --project, or [project] name in pyproject.toml)"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        pytest.param("secure", True, True, id="truth"),
        pytest.param("secure", False, False, id="falsehood"),
        pytest.param("secure", " On ", True, id="word with blanks"),
        pytest.param("secure", 0, False, id="number for truth"),
        pytest.param("port", 9000, 9000, id="number"),
        pytest.param("port", " 9000 ", 9000, id="number with blanks"),
        pytest.param("port", 65535, 65535, id="highest port"),
        pytest.param("timeout", 1, 1.0, id="seconds"),
        pytest.param("timeout", "0.5", 0.5, id="half a second"),
        pytest.param("retries", 0, 0, id="no retries"),
        pytest.param("region", " eu ", "eu", id="blanks around a text"),
        pytest.param("region", 2, "2", id="number for a text"),
        pytest.param("prefix", "a/b", "a/b/", id="prefix"),
        pytest.param("provider", "CLOUDFILES", "cloudfiles", id="capitals of a provider"),
        pytest.param("region", None, None, id="nothing"),
    ],
)
def test_values(key: str, value: object, expected: object, tmp_path: Path) -> None:
    """A value may be written as its kind or as text."""
    assert getattr(settle(tmp_path, config={key: value}).container, key) == expected


def repository_of(found: Settings) -> tuple[str, str | None, str | None]:
    """Return what names the package index."""
    return found.options.repository, found.options.repository_url, found.options.check_url


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"flags": {"check_url": "c"}}, ("pypi", "lower url", "c"), id="check_url alone replaces itself"),
        pytest.param({"flags": {"repository": "testpypi"}}, ("testpypi", None, None), id="a name"),
        pytest.param({"flags": {"repository_url": "u"}}, ("pypi", "u", None), id="a URL"),
        pytest.param({"flags": {"repository_url": "u", "check_url": "c"}}, ("pypi", "u", "c"), id="URLs"),
        pytest.param({"environ": {"WHEELHOUSE_REPOSITORY": "testpypi"}}, ("testpypi", None, None), id="variable"),
        pytest.param({"flags": {"repository": "pypi"}}, ("pypi", None, None), id="the name that is the default"),
        pytest.param(
            {"flags": {"repository_url": "lower url"}}, ("pypi", "lower url", "lower check"), id="the same again"
        ),
    ],
)
def test_package_index_is_named_as_a_whole(
    arguments: dict[str, Any], expected: tuple[str, str | None, str | None], tmp_path: Path
) -> None:
    """A level that names another package index leaves nothing of the one that weaker levels name."""
    tool = {"repository_url": "lower url", "check_url": "lower check"}
    assert repository_of(settle(tmp_path, tool=tool, **arguments)) == expected


def test_package_index_is_named_once(tmp_path: Path) -> None:
    """A level that names two package indexes is a usage error."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, flags={"repository": "pypi", "repository_url": "u"})
    assert str(refused.value) == "flag: sets both repository and repository_url (one of them names the package index)"


def test_paths_start_at_the_project(tmp_path: Path) -> None:
    """Relative paths start at the folder of tasks.py, wherever the command is run."""
    found = settle(tmp_path, config={"container": "../w", "local_folder": "out", "indexes": ["old", "/srv/w"]})
    assert found.container.container == str(tmp_path / "../w")
    assert found.local_folder == tmp_path / "out"
    assert found.indexes == (FolderIndex(tmp_path / "old"), FolderIndex(Path("/srv/w")))


def test_home_is_known(tmp_path: Path) -> None:
    """A path may start at the home of the user."""
    found = settle(tmp_path, config={"container": "~/w", "local_folder": "~/out"})
    assert (found.container.container, found.local_folder) == (str(Path.home() / "w"), Path.home() / "out")


def test_container_of_a_provider_is_a_name(tmp_path: Path) -> None:
    """The container of a provider is passed on as it is written."""
    assert settle(tmp_path, config=S3).container == Container("s3", "wheels")


OWN = {"WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": PASSWORD}
AWS = {"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY": "aws secret"}


def test_credentials(tmp_path: Path) -> None:
    """Credentials come from the flags and the environment, and a folder needs none."""
    flags = {"username": "flag", "secret": "flag secret"}
    assert settle(tmp_path, config=S3, environ=OWN).container.credentials == Credentials("me", PASSWORD)
    found = settle(tmp_path, config=S3, environ=OWN, flags=flags)
    assert found.container.credentials == Credentials("flag", "flag secret")
    assert settle(tmp_path, environ=OWN, flags=flags).container.credentials is None


def test_credentials_of_other_wheelhouses(tmp_path: Path) -> None:
    """Own credentials serve every container of the same provider; another provider gets its own ones or none."""
    urls = ["s3://other", "minio://x", "nimbus://y", "https://h.example/", "local://z", "path"]
    config = {"provider": "nimbus", "container": "wheels", "indexes": urls}
    found = settle(tmp_path, config=config, environ={**OWN, **AWS})
    me, aws = Credentials("me", PASSWORD), Credentials("aws", "aws secret")
    assert found.indexes == (
        Container("s3", "other", credentials=aws),
        Container("minio", "x", credentials=aws),
        Container("nimbus", "y", credentials=me),
        WebIndex("https://h.example/"),
        Container("local", str(tmp_path / "z")),
        FolderIndex(tmp_path / "path"),
    )


def test_access_of_other_wheelhouses(tmp_path: Path) -> None:
    """How the own provider is reached holds for its other containers, and for no other provider."""
    config = {
        **S3,
        "host": "h",
        "port": 9000,
        "secure": False,
        "driver_options": {"x": 1},
        "timeout": 5,
        "retries": 1,
        "indexes": ["s3://other", "minio://x"],
    }
    found = settle(tmp_path, config=config)
    same = replace(found.container, container="other")
    assert found.indexes == (same, Container("minio", "x", timeout=5.0, retries=1))


def test_tls_checks(tmp_path: Path) -> None:
    """Certificates are checked unless a flag of this run says otherwise."""
    assert settle(tmp_path, config=S3).container.verify_tls
    assert not resolve({"verify_tls": False}, {}, S3, tmp_path).container.verify_tls


@pytest.mark.parametrize("source", ["tool", "config"])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("contaner", "unknown setting 'contaner' (did you mean 'container'?)"),
        ("max-workers", "unknown setting 'max-workers' (did you mean 'max_workers'?)"),
        ("index", "unknown setting 'index' (did you mean 'indexes'?)"),
        ("local_dir", "unknown setting 'local_dir'"),
        ("zzz", "unknown setting 'zzz'"),
        ("secret", "'secret' is not a setting (credentials never go into configuration files; use the variables"),
        ("username", "'username' is not a setting (credentials never go into configuration files; use the variables"),
    ],
)
def test_unknown_key(key: str, message: str, source: str, tmp_path: Path) -> None:
    """A setting that is none names the nearest one; credentials in a file are refused, without their value."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, **{source: {key: PASSWORD}})  # type: ignore[arg-type]
    where = "[tool.wheelhouse] in pyproject.toml" if source == "tool" else "invoke configuration"
    assert str(refused.value).startswith(f"{where}: {message}")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("WHEELHOUSE_CONTANER", "WHEELHOUSE_CONTAINER"),
        ("INVOKE_WHEELHOUSE_CONTANER", "WHEELHOUSE_CONTAINER"),
        ("WHEELHOUSE_USER_NAME", "WHEELHOUSE_USERNAME"),
        ("WHEELHOUSE_SECRETS", "WHEELHOUSE_SECRET"),
        ("WHEELHOUSE_MAX_WORKER", "WHEELHOUSE_MAX_WORKERS"),
    ],
)
def test_unknown_variable(variable: str, near: str, tmp_path: Path) -> None:
    """A variable that is nearly one of ours is a usage error that names it, without its value."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, environ={variable: PASSWORD})
    assert str(refused.value) == f"{variable}: unknown setting (did you mean {near!r}?)"


@pytest.mark.parametrize(
    "variable",
    ["WHEELHOUSE_UPLOADER_SECRET", "WHEELHOUSE_CACHE_BUSTER", "MY_WHEELHOUSE_CONTANER", "WHEELHOUSE", "INVOKE_ECHO"],
)
def test_variables_of_others(variable: str, tmp_path: Path) -> None:
    """Variables that are not nearly ours are the project's own."""
    assert settle(tmp_path, environ={variable: "x"}).container == settle(tmp_path).container


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        pytest.param("port", "http", "expected a whole number from 1 to 65535, got 'http'", id="port is no number"),
        pytest.param("port", 0, "expected a whole number from 1 to 65535, got '0'", id="port 0"),
        pytest.param("port", 65536, "expected a whole number from 1 to 65535, got '65536'", id="port too high"),
        pytest.param("port", 80.5, "expected a whole number from 1 to 65535, got '80.5'", id="port with a fraction"),
        pytest.param("port", True, "expected a whole number from 1 to 65535, got 'True'", id="port as truth"),
        pytest.param("port", [1], "expected a whole number from 1 to 65535, got '[1]'", id="port as a list"),
        pytest.param("port", {"x": 1}, "expected a whole number from 1 to 65535, got a table", id="port as a table"),
        pytest.param("port", "9" * 5000, "expected a whole number from 1 to 65535, got '999", id="endless port"),
        pytest.param("max_workers", 0, f"expected a whole number from 1 to {MAX_WORKERS}, got '0'", id="no workers"),
        pytest.param(
            "max_workers", 65, f"expected a whole number from 1 to {MAX_WORKERS}, got '65'", id="many workers"
        ),
        pytest.param("retries", -1, "expected a whole number from 0 to 100, got '-1'", id="less than no retries"),
        pytest.param("timeout", 0, "expected more than 0 seconds, got '0'", id="no time"),
        pytest.param("timeout", "nan", "expected more than 0 seconds, got 'nan'", id="not a time"),
        pytest.param("timeout", "inf", "expected more than 0 seconds, got 'inf'", id="all the time"),
        pytest.param("timeout", "soon", "expected a number of seconds, got 'soon'", id="time as a word"),
        pytest.param("timeout", True, "expected a number of seconds, got 'True'", id="time as truth"),
        pytest.param("secure", "maybe", "expected yes or no, got 'maybe'", id="maybe"),
        pytest.param("secure", 2, "expected yes or no, got '2'", id="number for truth"),
        pytest.param("flat_index", [], "expected yes or no, got '[]'", id="list for truth"),
        pytest.param("host", ["a"], "expected text, got \"['a']\"", id="list for a text"),
        pytest.param("host", {"a": 1}, "expected text, got a table", id="table for a text"),
        pytest.param("host", False, "expected text, got 'False'", id="falsehood for a text"),
        pytest.param("host", "a\nb", "holds characters that cannot be printed, got 'a\\nb'", id="newline in a text"),
        pytest.param("host", "a\x1b[31m", "holds characters that cannot be printed, got", id="escape sequence"),
        pytest.param(
            "host", "https://h", "expected a host name alone, without scheme and port, got", id="URL for a host"
        ),
        *(
            pytest.param(
                "trust", value, "expected host names alone, without scheme, port and path, got", id=f"trust {value}"
            )
            for value in ("https://h.example", "h.example/x", "a.example h.example:443", "*.example", "me@h.example")
        ),
        pytest.param("host", "h:80", "expected a host name alone, without scheme and port, got", id="port in a host"),
        pytest.param("container", "", "expected a name, got ''", id="no container"),
        pytest.param("container", " ", "expected a name, got ' '", id="blank container"),
        pytest.param("container", "s3://b", "expected a name, not a URL", id="URL for a container"),
        pytest.param("public_url", "h.example", "expected a URL (https://...), got 'h.example'", id="no public URL"),
        pytest.param("public_url", "ftp://h", "expected a URL (https://...), got 'ftp://h'", id="public URL of old"),
        pytest.param("indexes", 5, "expected a list of texts, got '5'", id="number for a list"),
        pytest.param(
            "indexes", ["a", " "], "expected texts that are not empty, got \"['a', ' ']\"", id="blank in a list"
        ),
        pytest.param("provider", "", "expected a name, got ''", id="no provider"),
        pytest.param("local_folder", "", "expected a name, got ''", id="no folder"),
        pytest.param("repository", "", "expected a name, got ''", id="no repository"),
        pytest.param("indexes", [5], "expected a list of texts, got '[5]'", id="list of numbers"),
        pytest.param("driver_options", "x", "expected a table of options, got another value", id="text for a table"),
        pytest.param("driver_options", ["x"], "expected a table of options, got another value", id="list for a table"),
    ],
)
@pytest.mark.parametrize("source", ["tool", "config"])
def test_bad_value(key: str, value: object, message: str, source: str, tmp_path: Path) -> None:
    """A value of the wrong kind is one line that names the setting, the source, what was expected and what came."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, **{source: {key: value}})  # type: ignore[arg-type]
    where = "[tool.wheelhouse] in pyproject.toml" if source == "tool" else "invoke configuration"
    assert str(refused.value).startswith(f"{key} ({where}): {message}")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        ({"environ": {"WHEELHOUSE_PORT": "x"}}, "environment"),
        ({"environ": {"INVOKE_WHEELHOUSE_PORT": "x"}}, "environment"),
        ({"flags": {"port": "x"}}, "flag"),
    ],
)
def test_bad_value_of_a_person(arguments: dict[str, Any], source: str, tmp_path: Path) -> None:
    """A bad flag or variable is named as such."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, **arguments)
    assert str(refused.value) == f"port ({source}): expected a whole number from 1 to 65535, got 'x'"


def test_bad_value_is_refused_though_a_higher_level_is_good(tmp_path: Path) -> None:
    """A bad value is told even where it would not be used."""
    with pytest.raises(UsageError, match="port"):
        settle(tmp_path, config={"port": "x"}, flags={"port": "80"})


def test_bad_value_hides_credentials(tmp_path: Path) -> None:
    """A URL in a message has no credentials."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, config={"port": f"https://me:{PASSWORD}@h/"})
    assert str(refused.value) == (
        "port (invoke configuration): expected a whole number from 1 to 65535, got 'https://<hidden>@h/'"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param({"project": "no project"}, "project: 'no project' is not a valid project name", id="project"),
        pytest.param({"prefix": "../up"}, "prefix: '../up' is not a relative path", id="8 prefix goes up"),
        pytest.param({"prefix": "/abs"}, "prefix: '/abs' is not a relative path", id="8 absolute prefix"),
        pytest.param({"local_folder": "wheelhouse"}, "local_folder: ", id="dist is the container"),
        pytest.param(
            {"container": ".", "local_folder": "a/.."}, "local_folder: ", id="dist is the container by detours"
        ),
        pytest.param({"indexes": ["http://[bad/"]}, "index: 'http://[bad/' is not a URL", id="index"),
        pytest.param({"container": "~nobody-of-this-name/x"}, "container", id="home of nobody for a container"),
        pytest.param({"local_folder": "~nobody-of-this-name/x"}, "local_folder", id="home of nobody for dist"),
        pytest.param({"indexes": ["a\0b"]}, "ind", id="control character in an index"),
    ],
)
def test_bad_setting(config: dict[str, object], message: str, tmp_path: Path) -> None:
    """A value that cannot be used is one line, before anything is done."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, config=config)
    assert str(refused.value).startswith(message)
    assert str(refused.value).isprintable()
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("pyproject.toml", b"[tool", id="malformed TOML"),
        pytest.param("pyproject.toml", b'x = "caf\xe9"', id="TOML that is no UTF-8"),
        pytest.param("pyproject.toml", b"[tool]\nwheelhouse = 5", id="no table"),
        pytest.param("pyproject.toml", b"[project]\nname = [1]", id="name of no shape"),
        pytest.param("pyproject.toml", b'project = "demo"', id="project of no shape"),
        pytest.param("pyproject.toml", b"tool = 1", id="tool of no shape"),
        pytest.param("pyproject.toml", b"x = " + b"[" * 100_000, id="nested without end"),
        pytest.param("setup.cfg", b"name = x", id="no section"),
        pytest.param("setup.cfg", b"[a]\n[a]", id="section twice"),
        pytest.param("setup.cfg", b"[a]\nx = caf\xe9", id="setup.cfg that is no UTF-8"),
    ],
)
def test_bad_file(name: str, content: bytes, tmp_path: Path) -> None:
    """A file that cannot be read is one line that names it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as refused:
        settle(tmp_path)
    assert name in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("content", [f"{PASSWORD}\n", f"[a]\n{PASSWORD}\n"], ids=["no section", "no value"])
def test_bad_file_is_not_quoted(content: str, tmp_path: Path) -> None:
    """The message about a malformed setup.cfg does not show its lines, which may hold anything."""
    with pytest.raises(UsageError) as refused:
        settle(tmp_path, setup_cfg=content)
    assert PASSWORD not in str(refused.value)


def test_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A folder called pyproject.toml is told."""
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(UsageError, match=r"pyproject\.toml: cannot be read"):
        settle(tmp_path)


@pytest.mark.parametrize("config", [None, 5, "text", []])
def test_invoke_configuration_of_no_shape(config: object, tmp_path: Path) -> None:
    """A `wheelhouse` in invoke.yaml that is no table is a usage error."""
    with pytest.raises(UsageError, match="invoke configuration: 'wheelhouse' is not a table of settings"):
        resolve({}, {}, config, tmp_path)


def test_empty_variables_say_nothing(tmp_path: Path) -> None:
    """An empty variable, as CI makes of a missing secret, is no value."""
    environ = {"WHEELHOUSE_CONTAINER": "", "WHEELHOUSE_PORT": "", "INVOKE_WHEELHOUSE_REGION": ""}
    assert settle(tmp_path, config=S3, environ=environ).container == Container("s3", "wheels")


def test_flags_that_are_no_settings_are_left_alone(tmp_path: Path) -> None:
    """Flags of a command that are not settings, and flags that were not given, say nothing."""
    flags: dict[str, object] = {"dry_run": True, "container": None, "indexes": [], "update_index": False}
    found = settle(tmp_path, config=S3, flags=flags)
    assert (found.container, found.options.update_index) == (Container("s3", "wheels"), False)


def test_environment_of_child_processes(tmp_path: Path) -> None:
    """What is given as environment is handed on as it is."""
    assert settle(tmp_path, environ=OWN).environ == OWN


def test_repr_holds_no_secret(tmp_path: Path) -> None:
    """A repr of the settings, as in a traceback, shows no secret."""
    found = settle(tmp_path, config=S3, environ={**OWN, "TWINE_PASSWORD": "pypi-token-of-mine"})
    assert PASSWORD not in repr(found)
    assert "pypi-token-of-mine" not in repr(found)


def test_variables_of_openstack(tmp_path: Path) -> None:
    """What the tools of OpenStack read reaches the driver, weaker than our own settings, and for Swift only."""
    environ = {"OS_AUTH_URL": "https://k.example:5000/v3", "OS_PROJECT_NAME": "p", "OS_REGION_NAME": "theirs"}
    environ |= {"OS_USERNAME": "me", "OS_PASSWORD": "secret secret"}
    found = settle(tmp_path, environ=environ, config={"provider": "openstack_swift"}).container
    assert found.driver_options == {"ex_force_auth_url": "https://k.example:5000/v3", "ex_tenant_name": "p"}
    assert found.region == "theirs"
    ours = {"provider": "openstack_swift", "region": "ours", "driver_options": {"ex_tenant_name": "q"}}
    found = settle(tmp_path, environ=environ, config=ours).container
    assert (found.region, found.driver_options["ex_tenant_name"]) == ("ours", "q")
    found = settle(tmp_path, environ=environ, config={"provider": "s3"}).container
    assert (found.region, found.driver_options) == (None, {})
