"""The report in headless Chromium: every figure renders, the slider moves, no console error, no request leaves the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import planner

selenium = pytest.importorskip("selenium", reason="selenium is not installed (pip install selenium)")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium or its driver is not here: install Debian's chromium, chromium-driver"),
]
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    plan = planner.solve(planner.read("quickstart"))
    return planner.report(plan, folder / "report.html", others=[planner.solve(planner.read("quickstart", scenario="carbon-price"))])


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def browser(request: pytest.FixtureRequest, tmp_path: Path, page: Path) -> Iterator[object]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(DRIVER)))
    try:
        driver.set_window_size(*request.param)
        # a window is never narrower than 500; the emulated screen is
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": request.param[0], "height": request.param[1], "deviceScaleFactor": 1, "mobile": request.param[0] < 600})
        driver.get(page.as_uri())
        yield driver
    finally:
        driver.quit()


def test_the_page_renders_moves_and_stays_at_home(browser) -> None:
    wanted = browser.execute_script("return document.querySelectorAll('script.figure-data').length")
    drawn = browser.execute_script("return document.querySelectorAll('.figure .main-svg').length > 0 ? "
                                   "[...document.querySelectorAll('.figure')].filter(f => f.querySelector('.main-svg')).length : 0")
    assert wanted >= 10
    assert drawn == wanted
    sankey = "[...document.querySelectorAll('.figure')].find(f => f.data && f.data[0].type === 'sankey')"
    before = browser.execute_script(f"const f = {sankey}; return f.data.map(d => d.visible)")
    assert before[0]
    browser.execute_async_script(
        f"const done = arguments[0], f = {sankey}, step = f.layout.sliders[0].steps[1];"
        "Plotly.update(f, step.args[0], step.args[1]).then(() => done(1))")
    after = browser.execute_script(f"const f = {sankey}; return f.data.map(d => d.visible)")
    assert after[1]
    assert not after[0]
    assert not [line for line in browser.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]
    requests = [line["message"] for line in browser.get_log("performance") if "Network.requestWillBeSent\"" in line["message"]]
    assert not [r for r in requests if "http://" in r.split('"url":"')[1][:8] or "https://" in r.split('"url":"')[1][:9]]
    width = browser.execute_script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], "the page is wider than the screen"


def test_the_keyboard_reaches_the_answer_and_the_figures(browser) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "To the answer"
    reached = browser.execute_script("return [...document.querySelectorAll('[tabindex=\"0\"]')].every(e => e.getAttribute('aria-label'))")
    assert reached
