"""The flat page in a real browser: headless Chromium, driven over the W3C protocol by its own driver."""

import base64
import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import programs
import pytest
import requests
import servers
import wheels
from programs import STUCK
from projects import inv, make_project

PHONE, DESK = (390, 844), (1280, 900)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # it would look for its maker's machines
)


@dataclass(frozen=True)
class Browser:
    """A session of the driver."""

    session: str
    downloads: Path

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send a command and return the value of the answer."""
        answer = requests.request(method, self.session + path, json=body if method == "POST" else None, timeout=STUCK)
        value = answer.json()["value"]
        assert answer.ok, value
        return value

    def script(self, code: str) -> Any:
        """Run a script in the page."""
        return self.ask("POST", "/execute/sync", script=code, args=[])

    def find(self, css: str) -> str:
        """Return the path of an element."""
        found: str = self.ask("POST", "/element", using="css selector", value=css)[ELEMENT]
        return f"/element/{found}"

    def open(self, url: str, size: tuple[int, int]) -> None:
        """Show a page in a window of so many pixels, as a phone would if it is narrow."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("POST", "/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=screen)
        self.ask("POST", "/url", url=url)

    def picture(self, path: Path) -> Path:
        """Write a screenshot."""
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))
        return path

    def downloaded(self, name: str) -> bytes:
        """Return the content of a download when it is complete."""
        end = time.monotonic() + programs.STUCK
        while not (self.downloads / name).exists():
            assert time.monotonic() < end, f"no {name} in {list(self.downloads.iterdir())}"
            time.sleep(0.05)
        return (self.downloads / name).read_bytes()


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Run the driver, and a browser with a profile of its own."""
    driver, program = programs.find("chromedriver"), programs.find("chromium")
    if not driver or not program:
        raise servers.ServerError("chromium", "no such program, or no chromedriver (see .ci/install)")
    [port] = servers.free_ports(1)
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    with (folder / "chromedriver.log").open("wb") as log:
        argv = [driver, f"--port={port}"]
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=env
        )
    try:
        yield _session(f"http://{servers.HOST}:{port}", program, folder)
    finally:
        process.terminate()
        process.wait(programs.STUCK)


def _session(url: str, program: str, folder: Path) -> Browser:
    end = time.monotonic() + servers.READY_SECONDS
    while time.monotonic() < end:
        with suppress(requests.ConnectionError):
            if requests.get(f"{url}/status", timeout=STUCK).json()["value"]["ready"]:
                break
        time.sleep(0.05)
    downloads = folder / "downloads"
    downloads.mkdir()
    options = {
        "binary": program,
        "args": [*FLAGS, f"--user-data-dir={folder / 'profile'}"],
        "prefs": {"download.default_directory": str(downloads), "download.prompt_for_download": False},
    }
    wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
    answer = requests.post(f"{url}/session", json=wanted, timeout=STUCK)
    if not answer.ok:
        raise servers.ServerError("chromium", str(answer.json()["value"]["message"]).partition("\n")[0])
    return Browser(f"{url}/session/{answer.json()['value']['sessionId']}", downloads)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run a browser."""
    with servers.or_skip(chromium(tmp_path_factory.mktemp("chromium"))) as started:
        try:
            yield started
        finally:
            started.ask("DELETE", "")


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.StaticServer]:
    """Upload two projects, one of them in three versions of 24 wheels and an sdist, one with a yanked wheel."""
    project = make_project(tmp_path_factory.mktemp("browser") / "project")
    for number, version in enumerate(("1.0", "1.1", "1.2.dev20261123030405+local.1")):
        for tag in wheels.MATRIX:
            payload = os.urandom(1 + len(tag) * 3571 * (number + 1))
            wheels.make_wheel(project / "dist", "demo", version, tag, payload=payload)
        wheels.make_sdist(project / "dist", "demo", version)
    wheels.make_wheel(project / "dist", "demo", "1.1", "py3-none-any")
    long = "a-project-whose-name-is-long-enough-to-leave-any-phone-" + "x" * 40
    for version in ("0.9", "0.10"):
        wheels.make_wheel(project / "dist", long, version)
    folder = project / "wheelhouse/files" / long
    folder.mkdir(parents=True)
    (folder / f"{long.replace('-', '_')}-0.9-py3-none-any.whl.yanked").write_text(
        "<b>does not</b> import\u202e " + "y" * 300
    )
    # made before any test, whose environment shows no CI
    done = inv(project, "wheelhouse.upload", "--container", "wheelhouse")
    assert done.returncode == 0, done.stderr
    with servers.static(project / "wheelhouse") as server:
        yield server


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_leaves_the_window(
    size: tuple[int, int], browser: Browser, wheelhouse: servers.StaticServer, tmp_path: Path
) -> None:
    """The page does not scroll sideways, whatever is opened; wide tables scroll within their own box."""
    browser.open(f"{wheelhouse.url}/index.html", size)
    widths = "return [window.innerWidth, document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    assert max(browser.script(widths)) <= size[0]
    shot = browser.picture(tmp_path / "page.png")
    assert shot.read_bytes().startswith(b"\x89PNG")
    browser.script("for (const each of document.querySelectorAll('details')) each.open = true")
    assert max(browser.script(widths)) <= size[0]
    boxes = browser.script("return [...document.querySelectorAll('.box')].map(b => [b.clientWidth, b.scrollWidth])")
    assert len(boxes) == 5
    assert size == DESK or any(inner > outer for outer, inner in boxes)
    browser.picture(tmp_path / "page-opened.png")


def test_links_are_clickable(browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """A click on a cell of the table, on a phone, downloads the wheel; its digest is that of the link."""
    browser.open(f"{wheelhouse.url}/index.html", PHONE)
    link = browser.find("a[href*='1.2.dev'][href*='cp311-win_amd64']")
    href = browser.ask("GET", link + "/property/href")
    name = f"demo-1.2.dev20261123030405+local.1-{wheels.MATRIX[7]}.whl"
    assert href.startswith(f"{wheelhouse.url}/files/demo/{name.replace('+', '%2B')}#sha256=")
    browser.ask("POST", link + "/click")
    assert hashlib.sha256(browser.downloaded(name)).hexdigest() == href.partition("#sha256=")[2]


def test_versions_open_without_scripts(browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """The newest version and the newest release are open, a click opens another, and another selects its command."""
    browser.open(f"{wheelhouse.url}/index.html", DESK)
    assert browser.script("return document.scripts.length") == 0
    shown = "return [...document.querySelectorAll('details[open] strong')].map(e => e.textContent)"
    assert browser.script(shown) == ["0.10", "1.2.dev20261123030405+local.1", "1.1"]
    browser.ask("POST", browser.find("section:last-of-type > details:last-of-type summary") + "/click")
    assert browser.script(shown)[-1] == "1.0"
    browser.ask("POST", browser.find("details[open] pre") + "/click")
    project = browser.script("return document.querySelector('h2').textContent")
    command = f"pip install --find-links URL-OF-THIS-PAGE {project}==0.10"
    assert browser.script("return getSelection().toString()") == command


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_command_is_copied_as_it_is(size: tuple[int, int], browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """However a command is wrapped, a click selects it as one line, and no option is broken at a hyphen."""
    browser.open(f"{wheelhouse.url}/index.html", size)
    browser.ask("POST", browser.find("#project-demo details[open] pre") + "/click")
    command = "pip install --find-links URL-OF-THIS-PAGE demo==1.2.dev20261123030405+local.1"
    assert browser.script("return getSelection().toString()") == command
    words = "[...document.querySelectorAll('details[open] pre code')].filter(e => e.textContent.startsWith('URL-OF'))"
    heights = browser.script(f"return {words}.map(e => Math.round(e.getBoundingClientRect().height))")
    assert len(heights) == 3
    assert max(heights) < 30, "a word that fits a line is on one line"


def test_keyboard(browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """The first stop of Tab skips to the files, the next ones are the projects; each that has the focus shows it."""
    browser.open(f"{wheelhouse.url}/index.html", DESK)
    focused = "const e = document.activeElement; return [e.textContent, getComputedStyle(e).outlineStyle]"
    stops = []
    for _ in range(4):
        press(browser, TAB)
        stops.append(browser.script(focused))
    assert [text for text, _ in stops[:3]] == ["Skip to the files", *sorted(stops[n][0] for n in (1, 2))]
    assert stops[2][0] == "demo"
    assert {outline for _, outline in stops} == {"solid"}
    browser.open(f"{wheelhouse.url}/index.html", DESK)
    press(browser, TAB, TAB, TAB, ENTER)
    wait_for(browser, "location.hash === '#project-demo'")
    assert browser.script("return document.querySelector('#project-demo').getBoundingClientRect().top") < 5
    press(browser, TAB, ENTER)
    wait_for(browser, "!document.querySelector('#project-demo details').open")


def test_hint_shows_where_a_table_scrolls(browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """The hint is there exactly where there is something to scroll to."""
    shown = """return [...document.querySelectorAll('details[open] .box')].map(box => {
        const hint = box.querySelector('.hint');
        return [box.scrollWidth > box.clientWidth, Boolean(hint) && hint.clientHeight > 0]})"""
    for size in (PHONE, DESK):
        browser.open(f"{wheelhouse.url}/index.html", size)
        boxes = browser.script(shown)
        assert all(scrolls == hinted for scrolls, hinted in boxes), boxes
        assert size == DESK or any(scrolls for scrolls, _ in boxes)


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(18, 18, 18)")])
def test_scheme_of_the_person(scheme: str, paper: str, browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """The page is dark where the person's programs are."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.ask("POST", "/goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params={"features": features})
    browser.open(f"{wheelhouse.url}/index.html", DESK)
    assert browser.script("return getComputedStyle(document.body).backgroundColor") == paper


TAB, ENTER = "\ue004", "\ue007"


def press(browser: Browser, *keys: str) -> None:
    """Press keys, one after the other."""
    strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
    browser.ask("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": strokes}])


def wait_for(browser: Browser, condition: str) -> None:
    """Return when a condition of the page holds."""
    end = time.monotonic() + STUCK
    while not browser.script(f"return {condition}"):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def test_reason_stays_text(browser: Browser, wheelhouse: servers.StaticServer) -> None:
    """Markup and direction marks of a yank reason are shown as text, and turn nothing around."""
    browser.open(f"{wheelhouse.url}/index.html", PHONE)
    reason = browser.script("return document.querySelector('bdi').textContent")
    assert reason.startswith("<b>does not</b> import\u202e yyy")
    assert browser.script("return document.querySelectorAll('b, script').length") == 0
