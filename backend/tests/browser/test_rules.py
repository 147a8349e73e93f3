"""Rules, labels and keys with several people at once: what one sets up, the others see without a reload."""

import json
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gestures import begin, card, mark, open_inbox, sign_in
from tests.browser.test_accessibility import LOOKS, RULES

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


def check(page: Page) -> None:
    """Accessible, and nothing sticks out."""
    results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": RULES})
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate(OVERFLOW) <= 0


def test_a_rule_from_a_template_labels_what_a_buyer_writes(open_page: OpenPage) -> None:
    owner, agent, buyer = open_page(), open_page(), open_page()
    open_inbox(owner)
    owner.goto("/settings/automation")
    owner.locator("a.starter[href$='start=refunds']").click()
    expect(owner.locator("#rule-sentence")).to_contain_text("add the label “Refund”")
    owner.fill("#condition-0", "tulip bulbs, 郁金香")
    owner.fill("#action-0", "Tulips")
    owner.locator("button[value='try']").click()
    expect(owner.locator("#tried")).to_have_text("Would not have run at all")
    expect(owner.locator("#action-0")).to_have_value("Tulips")
    owner.locator("button.primary[value='save']").click()
    owner.wait_for_url("**/settings/automation")
    expect(owner.locator(".rule").last).to_contain_text("“tulip bulbs” or “郁金香”: add the label “Tulips”")

    sign_in(agent, "an", "/inbox")
    expect(agent.locator(".conversation-card[data-id]").first).to_be_visible()
    mark(agent)
    buyer.goto("/chat/m1")
    begin(buyer, "Do you have 郁金香?")
    chip = card(agent, "郁金香").locator(".chip", has_text="Tulips")
    expect(chip).to_be_visible()

    owner.goto("/settings/labels")
    row = owner.locator(".label-list > li").filter(has=owner.locator(".label-row .chip", has_text="Tulips"))
    row.locator("summary").click()
    row.locator("input[name='name']").fill("Bulbs")
    row.locator(".colors label", has_text="Violet").click()
    row.locator("form[method='post'] .button.primary").click()
    renamed = card(agent, "郁金香").locator(".chip.violet", has_text="Bulbs")
    expect(renamed).to_be_visible()
    assert agent.evaluate("globalThis.isStillHere")

    owner.goto("/settings/automation")
    expect(owner.locator(".rule", has_text="Tulips")).to_contain_text("Ran once")
    owner.get_by_role("link", name="Ran once").click()
    expect(owner.locator(".runs .chip.jade").first).to_contain_text("Add the label")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_form_of_a_rule_grows_and_shrinks_where_it_stands(
    open_page: OpenPage, look: dict[str, str], width: int
) -> None:
    page = open_page(**look, reduced_motion="reduce", viewport={"width": width, "height": 844})
    open_inbox(page)
    page.goto("/settings/automation")
    check(page)
    page.goto("/settings/automation/new")
    mark(page)
    page.locator("button[value='add-condition']").click()
    expect(page.locator("#condition-1")).to_be_visible()
    page.select_option("#condition-1-kind", "status")
    expect(page.locator("select#condition-1")).to_be_visible()
    page.select_option("#action-0-kind", "reply")
    expect(page.locator("textarea#action-0")).to_be_visible()
    page.locator("button[value='drop-condition-0']").click()
    expect(page.locator("#condition-1")).to_have_count(0)
    page.select_option("#event", "waiting")
    expect(page.locator("#waiting_minutes")).to_have_value("15")
    page.locator("button[value='try']").click()
    expect(page.locator("#action-0-problem")).to_be_visible()  # a reply without words
    check(page)
    assert page.evaluate("globalThis.isStillHere")
    for address in ("/settings/labels", "/inbox/quick-replies", "/settings/api-keys", "/settings/automation/log"):
        page.goto(address)
        for summary in page.locator(".page details:not([open]) > summary").all()[:2]:
            summary.click()
        check(page)


def test_a_key_is_shown_once_and_works(open_page: OpenPage) -> None:
    page = open_page()
    open_inbox(page)
    page.goto("/settings/api-keys")
    page.fill("#name", "Warehouse")
    page.press("#name", "Enter")
    key = page.locator("#key").input_value()
    assert key.startswith("pk_")
    address = f"{page.url.split('/settings')[0]}/api/v1/conversations/"
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer)["count"] > 0
    page.reload()  # not the form again
    expect(page.locator("#key")).to_have_count(0)
    row = page.locator(".keys > li", has_text="Warehouse")
    expect(row).to_contain_text(key[-4:])
    row.locator("summary").click()
    row.locator(".button.danger").click()
    expect(page.locator(".keys > li", has_text="Warehouse")).to_contain_text("Revoked")


def test_a_quick_reply_is_written_found_and_changed_in_place(open_page: OpenPage) -> None:
    page = open_page()
    open_inbox(page)
    page.goto("/inbox/quick-replies")
    mark(page)
    page.locator(".new-reply > summary").click()
    page.fill("#title-new", "郁金香")
    page.fill("#folder-new", "花")
    page.fill("#content-new", "您好 ")
    page.locator(".new-reply [data-inserts='{{buyer.name}}']").click()
    expect(page.locator(".new-reply [data-part='preview']")).to_contain_text("您好 Lin Xia")
    page.locator(".new-reply .button.primary").click()
    page.fill("#filters input[name='q']", "郁金香")
    row = page.locator("article.reply")
    expect(row).to_have_count(1)
    row.locator("a[href$='edit=true']").click()
    editor = page.locator("article.editing")
    editor.locator("textarea").fill("您好，{{buyer.nmae}}")
    expect(editor.locator("[data-part='unknown']")).to_contain_text("{{buyer.nmae}}")
    editor.locator("textarea").fill("花期三月")
    editor.locator(".button.primary").click()
    expect(page.locator("article.reply .text")).to_have_text("花期三月")
    assert page.evaluate("globalThis.isStillHere")
