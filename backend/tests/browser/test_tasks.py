"""Work that takes a while: seen live, stopped, repeated; through a cut network, in two tabs, on a phone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.console import Console
from tests.browser.gestures import is_unloaded, mark, open_inbox, sign_in
from tests.browser.installation import Installation
from tests.browser.test_accessibility import LOOKS, RULES

COMEBACK_MS = 45_000
WORKERS_KNOW_MS = 2_500  # as the API promises; nothing that could be awaited tells it
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
VALUE = "bar => bar.value"
RUNNING = "/api/v1/tasks/?all=true&status=queued&status=processing&status=pending&page_size=100"
NOTHING_RUNS = "path => fetch(path).then(answer => answer.json()).then(page => page.results.length === 0)"
LISTEN = """() => {
  const voice = document.getElementById("voice");
  globalThis.said = [];
  new MutationObserver(() => said.push(voice.textContent)).observe(voice, { childList: true });
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def start(page: Page, seconds: float, steps: int = 20, **more: Any) -> str:
    """A task of whoever has signed in; its id."""
    payload = {"steps": steps, "seconds": seconds / steps, **more}
    answer = page.request.post("/api/v1/tasks/", data={"kind": "tests.walk", "payload": payload})
    assert answer.status == 201, answer.text()
    task_id: str = answer.json()["id"]
    return task_id


def row(page: Page, task_id: str) -> Locator:
    return page.locator(f"#task-{task_id}")


def bar(page: Page, task_id: str) -> Locator:
    return row(page, task_id).locator("progress")


def until_over(page: Page, task_id: str, share: int) -> None:
    """Wait until the bar stands higher than this."""
    page.wait_for_function(
        "([id, share]) => document.querySelector(`#task-${id} progress`)?.value > share", arg=[task_id, share]
    )


def open_tasks(page: Page, username: str = "chen", path: str = "/tasks") -> None:
    sign_in(page, username, "/inbox" if username == "chen" else "/admin/conversations")
    with page.expect_websocket():
        page.goto(path)


@pytest.fixture(autouse=True)
def quiet(installation: Installation, open_page: OpenPage) -> Iterator[None]:
    """What a journey leaves running is stopped: two exports at a time are all that one process runs."""
    yield
    page = open_page()
    sign_in(page, "admin", "/admin/conversations")
    page.request.put("/api/v1/tasks/queues/exports/", data={})
    for task in page.request.get(RUNNING).json()["results"]:
        page.request.post(f"/api/v1/tasks/{task['id']}/cancel")
    page.wait_for_function(NOTHING_RUNS, arg=RUNNING)  # its end would be news in the next journey's page


def test_a_bar_moves_by_itself_and_a_task_is_stopped_and_repeated(open_page: OpenPage) -> None:
    page = open_page()
    open_tasks(page)
    mark(page)
    task_id = start(page, seconds=30, steps=100)
    expect(row(page, task_id).locator(".chip")).to_have_text("Running")
    expect(row(page, task_id).locator("[data-part=words]")).to_have_text(re.compile(r"\d+ of 100 messages"))
    until_over(page, task_id, 2)
    seen = bar(page, task_id).evaluate(VALUE)
    until_over(page, task_id, seen)

    row(page, task_id).get_by_role("button", name="Cancel").click()
    expect(row(page, task_id).locator(".chip")).to_have_text("Cancelled")
    expect(row(page, task_id).get_by_role("button", name="Cancel")).to_have_count(0)
    row(page, task_id).get_by_role("button", name="Try again").click()
    expect(row(page, task_id).locator(".chip")).to_have_text("Running")
    expect(row(page, task_id)).to_have_count(1)
    assert not is_unloaded(page)


def test_a_keyboard_alone_stops_and_repeats_and_is_never_lost(open_page: OpenPage) -> None:
    page = open_page()
    open_tasks(page)
    task_id = start(page, seconds=30)
    expect(row(page, task_id).locator(".chip")).to_have_text("Running")
    row(page, task_id).get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    again = row(page, task_id).get_by_role("button", name="Try again")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, task_id).get_by_role("button", name="Cancel")).to_be_focused()


def test_the_rail_shows_that_something_runs_and_says_when_it_has_ended(open_page: OpenPage) -> None:
    page = open_page()
    open_inbox(page)
    place = page.locator('.rail [data-place="tasks"]')
    expect(place).not_to_have_class(re.compile("is-running"))
    start(page, seconds=1.5)
    expect(place).to_have_class(re.compile("is-running"))
    expect(place).to_have_attribute("title", "1 task is running")
    toast = page.locator(".toast", has_text="Export of conversations: Done.")
    expect(toast).to_be_visible()
    expect(place).not_to_have_class(re.compile("is-running"))
    toast.get_by_role("link").click()
    page.wait_for_url("**/tasks")


def test_a_failure_says_why_in_the_readers_language(open_page: OpenPage) -> None:
    page = open_page(locale="zh-CN")
    open_tasks(page)
    task_id = start(page, seconds=0.5, end="give_up")
    expect(row(page, task_id).locator(".chip")).to_have_text("失败")
    expect(row(page, task_id).locator("[data-part=words]")).to_have_text("这里什么都没有。")
    expect(row(page, task_id).get_by_role("button", name="重试")).to_be_visible()


def test_screen_readers_hear_the_beginning_and_quarters(open_page: OpenPage) -> None:
    page = open_page()
    open_tasks(page)
    expect(page.locator("#voice")).to_be_attached()
    page.evaluate(LISTEN)
    task_id = start(page, seconds=1, steps=50)
    expect(row(page, task_id).locator(".chip")).to_have_text("Done")
    said = page.evaluate("() => globalThis.said")
    assert 1 <= len(said) <= 4, said
    assert all(re.fullmatch(r"Export of conversations( has begun\.|: \d+ %)", one) for one in said), said


def test_two_tabs_show_the_same(open_page: OpenPage) -> None:
    first = open_page()
    open_tasks(first)
    second = first.context.new_page()
    with second.expect_websocket():
        second.goto("/tasks")
    task_id = start(first, seconds=30)
    for page in (first, second):
        expect(row(page, task_id).locator(".chip")).to_have_text("Running")
    row(second, task_id).get_by_role("button", name="Cancel").click()
    for page in (first, second):
        expect(row(page, task_id).locator(".chip")).to_have_text("Cancelled")
        expect(row(page, task_id)).to_have_count(1)


def test_a_cut_network_hides_nothing_for_long(open_page: OpenPage, console: Console) -> None:
    page, other = open_page(), open_page()
    open_tasks(page)
    sign_in(other, "chen", "/inbox")
    console.excuse_outage()
    long, short = start(page, seconds=60, steps=300), start(page, seconds=3)
    for task_id in (long, short):
        expect(row(page, task_id).locator(".chip")).to_have_text("Running")
    mark(page)
    page.context.set_offline(True)
    expect(page.locator("#network")).to_have_attribute("data-state", "offline")
    other.wait_for_function(
        "id => fetch(`/api/v1/tasks/${id}`).then(answer => answer.json()).then(task => task.status === 'completed')",
        arg=short,
    )
    born = start(other, seconds=0.1)
    stood = bar(page, long).evaluate(VALUE)
    page.context.set_offline(False)
    expect(row(page, short).locator(".chip")).to_have_text("Done", timeout=COMEBACK_MS)
    expect(row(page, born).locator(".chip")).to_have_text("Done", timeout=COMEBACK_MS)
    until_over(page, long, stood)
    assert not is_unloaded(page)


def test_a_server_that_was_killed_goes_on_where_the_rows_say(
    open_page: OpenPage, console: Console, installation: Installation
) -> None:
    page = open_page()
    open_tasks(page)
    console.excuse_outage()
    task_id = start(page, seconds=6, steps=30)
    until_over(page, task_id, 10)
    mark(page)
    installation.kill()
    installation.start()
    expect(row(page, task_id).locator(".chip")).to_have_text("Done", timeout=COMEBACK_MS)
    assert not is_unloaded(page)


def test_an_admin_watches_stops_and_pauses(open_page: OpenPage) -> None:
    admin, merchant = open_page(), open_page()
    open_tasks(admin, "admin", "/admin/tasks")
    sign_in(merchant, "chen", "/inbox")
    mark(admin)
    admin.get_by_role("button", name="Pause exports").click()
    expect(admin.locator("#queue-exports .chip")).to_have_text("Paused")
    admin.wait_for_timeout(WORKERS_KNOW_MS)
    task_id = start(merchant, seconds=30)
    admin.get_by_role("button", name="Show 1 new task").click()
    expect(row(admin, task_id).locator(".chip")).to_have_text("Waiting")
    admin.get_by_role("button", name="Go on with exports").click()
    expect(row(admin, task_id).locator(".chip")).to_have_text("Running")
    until_over(admin, task_id, 2)
    row(admin, task_id).get_by_role("button", name="Cancel").click()
    expect(row(admin, task_id).locator(".chip")).to_have_text("Cancelled")

    limit = admin.get_by_label("At most at once in exports")
    limit.fill("many")
    assert not limit.evaluate("input => input.validity.valid")
    limit.fill("3")
    with admin.expect_response("**/admin/tasks/queues/exports"):
        limit.press("Enter")
    expect(limit).to_have_value("3")
    limit.fill("")
    limit.press("Enter")
    expect(limit).to_have_value("")
    assert not is_unloaded(admin)


def test_an_admin_finds_why_something_broke(open_page: OpenPage) -> None:
    admin, merchant = open_page(), open_page()
    sign_in(merchant, "chen", "/inbox")
    task_id = start(merchant, seconds=0.1, end="break")
    open_tasks(admin, "admin", f"/admin/tasks?id={task_id}")
    expect(row(admin, task_id).locator(".chip")).to_have_text("Failed")
    row(admin, task_id).get_by_text("Details").click()
    expect(row(admin, task_id).locator("pre").last).to_contain_text("RuntimeError: a fault in a handler")
    admin.get_by_label("State").select_option("failed")
    admin.get_by_label("Id").fill("")
    admin.get_by_role("button", name="Show", exact=True).click()
    admin.wait_for_url("**/admin/tasks?status=failed*")
    expect(row(admin, task_id)).to_be_visible()


@pytest.mark.parametrize("path", ["/tasks", "/admin/tasks"])
def test_on_a_phone_everything_is_within_reach(open_page: OpenPage, path: str) -> None:
    page = open_page(**PHONE, locale="zh-CN")
    sign_in(page, "admin", "/admin/conversations")
    task_id = start(page, seconds=30)
    page.goto(path)
    expect(row(page, task_id).locator(".chip")).to_have_text("进行中")
    assert page.evaluate(OVERFLOW) <= 0
    row(page, task_id).get_by_role("button", name="取消").tap()
    expect(row(page, task_id).locator(".chip")).to_have_text("已取消")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", ["/tasks", "/admin/tasks"])
def test_no_violations(open_page: OpenPage, path: str, look: dict[str, str]) -> None:
    page = open_page(**look, reduced_motion="reduce")
    sign_in(page, "admin", "/admin/conversations")
    ended = [start(page, seconds=0.01, end=end) for end in ("done", "give_up", "break")]
    page.request.post(f"/api/v1/tasks/{start(page, seconds=50)}/cancel")
    running = [start(page, seconds=60, steps=200) for _ in range(3)]
    page.goto(path)
    until_over(page, running[0], 1)
    expect(page.locator(".task[data-state=failed]").first).to_be_visible()
    assert ended
    if path == "/admin/tasks":
        page.locator(".task details").first.locator("summary").click()
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert results.violations_count == 0, results.generate_report()
