"""What is photographed: every page, and the states of a page that a person meets."""

from dataclasses import dataclass

from gallery import buyers
from gallery.acts import (
    Act,
    click,
    fill,
    first_thread,
    into_first,
    leave_field,
    menu_of,
    menu_of_last_message,
    offline,
    open_widget,
    press,
    second_card_chosen,
    see,
    side,
    then,
    thread_of,
    write,
)

COMPOSER = "message-composer textarea"


@dataclass(frozen=True)
class Scene:
    """`who` has signed in (a demo user's name; empty: nobody), opens `path` and does `act`."""

    name: str
    who: str
    path: str
    act: Act | None = None


INBOX = [
    Scene("inbox", "chen", "/inbox"),
    Scene("inbox-thread", "chen", "/inbox", first_thread),
    Scene("inbox-note", "chen", "/inbox", then(first_thread, click("[data-mode-choice=note]"))),
    Scene("inbox-offline", "chen", "/inbox", then(first_thread, offline)),
    Scene("inbox-shortcuts", "chen", "/inbox", press("?")),
    Scene("inbox-commands", "chen", "/inbox", press("Control+k")),
    Scene("inbox-chosen", "chen", "/inbox", second_card_chosen),
    Scene("inbox-search", "chen", "/inbox", then(press("/"), lambda page: page.keyboard.type("米"))),
    Scene("inbox-search-nothing", "chen", "/inbox", then(press("/"), lambda page: page.keyboard.type("qqqq"))),
    Scene("inbox-of-an-agent", "an", "/inbox"),
    Scene("inbox-filter", "chen", "/inbox", click("#filter")),
    Scene("inbox-sort", "chen", "/inbox", click("#sort")),
    Scene("inbox-views", "chen", "/inbox", click("#views")),
    Scene("inbox-card-menu", "chen", "/inbox", menu_of(".conversation-card[data-id]")),
]
THREAD = [
    Scene("thread-assign", "chen", "/inbox", then(first_thread, leave_field, press("a"))),
    Scene("thread-snooze", "chen", "/inbox", then(first_thread, leave_field, press("s"))),
    Scene("thread-label", "chen", "/inbox", then(first_thread, leave_field, press("l"))),
    Scene("thread-states", "chen", "/inbox", then(first_thread, click("#more-status"))),
    Scene("thread-more", "chen", "/inbox", then(first_thread, click("#more"))),
    Scene("thread-message-menu", "chen", "/inbox", then(first_thread, menu_of_last_message)),
    Scene("thread-emoji", "chen", "/inbox", then(first_thread, click("message-composer [data-part=emoji]"))),
    Scene("thread-quick-replies", "chen", "/inbox", then(first_thread, write(COMPOSER, "/"))),
    Scene("thread-side", "chen", "/inbox", then(first_thread, side)),
    Scene("thread-lightbox", "chen", "/inbox", then(thread_of("赵敏"), click("message-list .picture"))),
    Scene(
        "thread-transfer",
        "chen",
        "/inbox",
        then(first_thread, leave_field, press("a"), click(".choice-menu .item >> nth=-1")),
    ),
]
SHOP = [
    *(
        Scene(f"settings-{name}", "chen", f"/settings/{name}")
        for name in ("shop", "team", "hours", "widget", "labels", "automation", "webhooks", "api-keys", "data")
    ),
    *(Scene(f"settings-{name}-of-an-agent", "an", f"/settings/{name}") for name in ("team", "automation")),
    Scene("settings-automation-new", "chen", "/settings/automation/new"),
    Scene(
        "settings-automation-tried",
        "chen",
        "/settings/automation",
        then(
            into_first("a[href$='/edit']"),
            click("[value=try]"),
            see(".tried"),
        ),
    ),
    Scene("settings-access-log", "chen", "/settings/access-log"),
    Scene("quick-replies", "chen", "/inbox/quick-replies"),
    Scene("contacts", "chen", "/contacts"),
    Scene("contacts-new", "chen", "/contacts/new"),
    Scene(
        "contacts-one",
        "chen",
        "/contacts",
        into_first("main a[href^='/contacts/']:not([href*=new]):not([href*=export])"),
    ),
    Scene(
        "contacts-merge",
        "chen",
        "/contacts",
        then(
            into_first("main a[href^='/contacts/']:not([href*=new]):not([href*=export])"),
            into_first("a[href*='/merge']"),
            into_first("a[href*='merge?with']"),
        ),
    ),
    Scene("reports", "chen", "/reports"),
    Scene("tasks", "chen", "/tasks"),
]
PERSON = [
    *(
        Scene(f"settings-{name}", "an", f"/settings/{name}")
        for name in ("profile", "security", "notifications", "your-data")
    ),
    Scene("menu-of-a-person", "chen", "/tasks", click("[popovertarget=person-menu]")),
]
ADMIN = [
    Scene("admin-wall", "admin", "/admin/conversations"),
    Scene("admin-thread", "admin", "/admin/conversations", first_thread),
    Scene("admin-by-shop", "admin", "/admin/wall"),
    *(
        Scene(f"admin-{name}", "admin", f"/admin/{name}")
        for name in ("users", "merchants", "audit", "system", "tasks", "outbox")
    ),
    Scene("admin-user", "admin", "/admin/users", into_first("main a[href^='/admin/users/']")),
]
BUYER = [
    Scene("demo-shop", "", "/demo"),
    Scene("widget", "", "/demo", open_widget),
    Scene("chat-home", "", "/chat/m1"),
    Scene("chat-new", "", "/chat/m1", click("#start")),
    Scene("widget-thread", "", "/demo", buyers.talking()),
    Scene("widget-emoji", "", "/demo", buyers.talking("buyer-composer [data-part=emoji]")),
    Scene("widget-menu", "", "/demo", buyers.talking(".talk-head [popovertarget=menu]")),
    Scene("widget-ended", "", "/demo", buyers.ended),
]
DOORS = [
    Scene("landing", "", "/"),
    Scene("sign-in", "", "/sign-in"),
    Scene("sign-in-wrong", "", "/sign-in", then(fill("#account", "chen"), fill("#password", "no"), press("Enter"))),
    Scene("invitation-gone", "", "/join/nothing-of-that-name"),
    Scene("not-found", "", "/nowhere"),
    Scene("forbidden", "chen", "/admin/users"),
]
SCENES = [*INBOX, *THREAD, *SHOP, *PERSON, *ADMIN, *BUYER, *DOORS]
