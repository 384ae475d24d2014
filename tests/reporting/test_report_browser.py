"""The report in headless Chromium: every figure renders, the slider moves, nothing leaves the page;
phone, keyboard, print."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.plan.plan import Plan
from tests.small import Study

selenium = pytest.importorskip(
    "selenium", reason="selenium is not installed (pip install selenium)"
)
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="chromium or its driver is not here: install Debian's chromium, chromium-driver",
    ),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = (1280, 900), (390, 844)
LONGEST = {DESKTOP: 22_000, PHONE: 27_000}
"""Pixels that the page of the largest study may be long before anything is opened; it was twice
that once."""
PAPER = 680
SCROLL = """const done = arguments[0];
(async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += 500) {
    scrollTo(0, y);
    await new Promise(r => setTimeout(r, 30));
  }
  scrollTo(0, 0);
  setTimeout(done, 100);
})()"""
SHOWN = "[...document.querySelectorAll('.plot, .stream')].filter(p => p.offsetParent !== null)"
UNDRAWN = f"return {SHOWN}.filter(p => !p.querySelector('.main-svg')).length"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    folder = tmp_path_factory.mktemp("report")
    other = planner.solve(planner.read("quickstart", scenario="carbon-price"))
    return plan.report(
        folder / "report.html", others=[other], frontier=planner.frontier(plan.system, points=4)
    )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=str(DRIVER))
    )
    driver.set_script_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()


def show(driver: Any, path: Path, size: tuple[int, int]) -> None:
    """Open a page on a screen of a size: a window is never narrower than 500, the emulated screen
    is. Logs are emptied before."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE},
    )
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(path.as_uri())
    driver.execute_async_script(SCROLL)


def quiet_at_home(driver: Any) -> None:
    assert not [
        line for line in driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")
    ]
    sent = [
        line["message"]
        for line in driver.get_log("performance")
        if 'Network.requestWillBeSent"' in line["message"]
    ]
    assert sent, "the page itself is a request"
    assert not [
        message for message in sent if message.split('"url":"')[1].startswith(("http", "ws", "//"))
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_figure_renders_in_every_tab_and_nothing_leaves_the_page(
    chromium: Any, page: Path, size: tuple[int, int]
) -> None:
    show(chromium, page, size)
    assert chromium.execute_script(f"return {SHOWN}.length") >= 15
    assert chromium.execute_script(UNDRAWN) == 0
    for tab in chromium.find_elements("css selector", ".tablist button"):
        chromium.execute_script("arguments[0].click()", tab)
        chromium.execute_async_script(SCROLL)
        assert chromium.execute_script(UNDRAWN) == 0, tab.text
    every = chromium.execute_script(
        "return document.querySelectorAll('.figure-data, .flow-data').length"
    )
    assert chromium.execute_script("return document.querySelectorAll('.main-svg').length") >= every
    # what is drawn has marks in it: no axes without a line, area, bar or node
    empty = chromium.execute_script(
        "return [...document.querySelectorAll('.plot, .stream')].filter(p => "
        "!p.querySelector('.trace, .sankey-node, .hm')).length"
    )
    assert empty == 0
    width = chromium.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width[0] <= width[1], "the page is wider than the screen"
    quiet_at_home(chromium)


def test_the_page_is_dark_where_the_reader_asks_for_it(chromium: Any, page: Path) -> None:
    """Every figure renders on a dark ground too, with light text on it."""
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    try:
        show(chromium, page, DESKTOP)
        assert chromium.execute_script(UNDRAWN) == 0
        assert (
            chromium.execute_script("return getComputedStyle(document.body).backgroundColor")
            == "rgb(20, 24, 29)"
        )
        assert (
            chromium.execute_script("return document.querySelector('.xtick text').style.fill")
            == "rgb(230, 233, 237)"
        )
        quiet_at_home(chromium)
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_comparison_is_a_page_of_its_own(chromium: Any, tmp_path: Path, plan: Plan) -> None:
    from planner.reporting import comparison_report

    other = planner.solve(planner.read("quickstart", scenario="carbon-price"))
    show(chromium, comparison_report(planner.compare([plan, other]), tmp_path / "both.html"), PHONE)
    assert chromium.execute_script(f"return {SHOWN}.length") >= 2
    assert chromium.execute_script(UNDRAWN) == 0
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    quiet_at_home(chromium)


def test_the_slider_moves_through_the_years_by_key(chromium: Any, page: Path, plan: Plan) -> None:
    """Each press of the arrow shows the next year: its flows are those of the plan's table."""
    from selenium.webdriver.common.keys import Keys

    show(chromium, page, DESKTOP)
    slider = chromium.find_element("css selector", ".year")
    chromium.execute_script("arguments[0].focus()", slider)
    flows = plan.flows[plan.flows["metal"] == plan.system.metals[0]]
    for year in (2021, 2022, 2023):
        assert chromium.find_element("css selector", ".slide output").text == str(year)
        drawn = chromium.execute_script(
            "return document.querySelector('.stream').data[0].link.value.reduce((a, b) => a + b, 0)"
        )
        assert drawn == pytest.approx(flows[flows["year"] == year]["value"].sum(), rel=1e-3)
        slider.send_keys(Keys.ARROW_RIGHT)


def test_the_keyboard_reaches_everything(chromium: Any, page: Path) -> None:
    """The first stop skips to the answer; tabs answer to arrows, tables to Enter, legends to Space;
    what takes the focus has a name."""
    from selenium.webdriver.common.keys import Keys

    show(chromium, page, DESKTOP)
    chromium.switch_to.active_element.send_keys(Keys.TAB)
    assert chromium.switch_to.active_element.text == "To the answer"
    first, second = chromium.find_elements("css selector", ".tablist button")[:2]
    chromium.execute_script("arguments[0].focus()", first)
    first.send_keys(Keys.ARROW_RIGHT)
    assert second.get_attribute("aria-selected") == "true"
    assert chromium.switch_to.active_element == second
    assert second.get_attribute("tabindex") == "0"
    summary = chromium.find_element("css selector", "details:not([open]) > summary")
    chromium.execute_script("arguments[0].focus()", summary)
    summary.send_keys(Keys.ENTER)
    assert chromium.execute_script("return arguments[0].parentElement.open", summary)
    second.send_keys(Keys.ARROW_LEFT)
    key = chromium.find_elements("css selector", ".key")[0]
    name = key.get_attribute("data-name")
    chromium.execute_script("arguments[0].focus()", key)
    key.send_keys(Keys.SPACE)
    assert key.get_attribute("aria-pressed") == "false"
    gone = (
        "return document.querySelector('.set .plot').data.find(d => d.name === "
        "arguments[0]).visible"
    )
    assert chromium.execute_script(gone, name) == "legendonly"
    stops = "[...document.querySelectorAll('[tabindex=\"0\"]')]"
    assert (
        chromium.execute_script(
            f"return {stops}.filter(e => !e.getAttribute('aria-label') && "
            "!e.textContent.trim()).length"
        )
        == 0
    )


def test_inputs_are_found_by_a_word(chromium: Any, page: Path, plan: Plan) -> None:
    from selenium.webdriver.common.keys import Keys

    show(chromium, page, DESKTOP)
    seek = chromium.find_element("id", "seek")
    seek.send_keys("lifetime")
    rows = chromium.execute_script(
        "return [...document.querySelectorAll('#inputs tbody tr')].filter(r => r.offsetParent !== "
        "null).map(r => r.textContent)"
    )
    assert rows
    assert all("lifetime" in row.lower() for row in rows)
    assert chromium.find_element("id", "sought").text == f"{len(rows)} rows"
    seek.send_keys(Keys.BACKSPACE * len("lifetime"))
    assert chromium.execute_script(
        "return [...document.querySelectorAll('#inputs tr')].every(r => !r.hidden)"
    )


def test_print_shows_everything_and_the_screen_comes_back(chromium: Any, page: Path) -> None:
    """On paper every table is open, every tab shown, every figure drawn within the width of the
    paper; after it all is as before."""
    show(chromium, page, DESKTOP)
    shut = chromium.execute_script("return document.querySelectorAll('details:not([open])').length")
    assert shut > 0
    # what the page looks like when it goes to paper: this is asked after the page has made itself
    # ready
    chromium.execute_script("""addEventListener('beforeprint', () => {
      const all = selector => [...document.querySelectorAll(selector)];
      const plots = all('.plot, .stream'), seen = plots.filter(p => p.offsetParent !== null);
      window.paper = {shut: all('details:not([open]), .panel[hidden]').length, plots: plots.length,
        drawn: seen.filter(p => p.querySelector('.main-svg')).length,
        widest: Math.max(...all('.main-svg').map(s => s.getBoundingClientRect().width)),
        menu: getComputedStyle(document.querySelector('nav')).display};
    });""")
    made = chromium.execute_cdp_cmd(
        "Page.printToPDF", {"preferCSSPageSize": True, "transferMode": "ReturnAsBase64"}
    )
    assert base64.b64decode(made["data"]).startswith(b"%PDF")
    paper = chromium.execute_script("return window.paper")
    assert paper["shut"] == 0
    assert paper["drawn"] == paper["plots"] > 0
    assert paper["widest"] <= PAPER
    assert paper["menu"] == "none"
    assert (
        chromium.execute_script("return document.querySelectorAll('details:not([open])').length")
        == shut
    )
    assert chromium.execute_script("return document.documentElement.className") == ""


def test_names_of_a_study_are_never_markup(chromium: Any, tmp_path: Path) -> None:
    """Names that plotly or the browser would take for markup are shown as they stand, and nothing
    in them runs."""
    evil = "<b>x</b><img src=x onerror=hacked()>"
    study = Study(title=evil, source=evil).good(
        f"li {evil}", "refined", demand=10, shortage_cost=900
    )
    study.process(f"mine {evil}", "mine", gives={f"li {evil}": 1}, plant=f"works {evil}")
    study.plant(f"works {evil}", existing_capacity=20)
    plan = planner.solve(planner.read(study.write(tmp_path / "s")))
    show(chromium, plan.report(tmp_path / "report.html"), DESKTOP)
    assert (
        chromium.execute_script("return document.querySelectorAll('main img, main b').length") == 0
    )
    assert not chromium.execute_script(
        "return document.querySelectorAll('svg a, svg [style*=bold]').length"
    )
    labels = chromium.execute_script(
        "return [...document.querySelectorAll('.node-label')].map(e => e.textContent)"
    )
    assert f"li {evil}" in labels
    quiet_at_home(chromium)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_largest_study_is_a_page_that_people_scroll(
    chromium: Any, china_page: Path, size: tuple[int, int]
) -> None:
    show(chromium, china_page, size)
    assert chromium.execute_script("return document.documentElement.scrollHeight") < LONGEST[size]
    assert chromium.execute_script(UNDRAWN) == 0
    quiet_at_home(chromium)


@pytest.fixture(scope="module")
def china_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planner.solve(planner.read("china")).report(
        tmp_path_factory.mktemp("china") / "report.html"
    )
