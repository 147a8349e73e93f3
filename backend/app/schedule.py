"""The periodic schedule: every job that fires by the clock, in the installation's time zone (`TIME_ZONE`).

Minute, hour, day of the month, month, weekday. A slot fires once however many workers there are; slots that were missed
while nothing ran are caught up by one firing.
"""

from app.jobs.schedule import Entry

SCHEDULE = [
    Entry("chat.wake_snoozed", "* * * * *"),
    Entry("chat.note_seen", "* * * * *"),
    Entry("chat.route", "* * * * *"),
    Entry("automation.wait", "* * * * *"),
    Entry("automation.forget", "25 4 * * *"),
    Entry("webhooks.sweep", "* * * * *"),
    Entry("webhooks.forget", "15 4 * * *"),
    Entry("accounts.sweep_sessions", "20 4 * * *"),
    Entry("files.sweep_private", "10 * * * *"),
    Entry("jobs.forget", "40 4 * * *"),
    Entry("chat.auto_resolve", "*/10 * * * *"),
    Entry("files.sweep_uploads", "50 3 * * *"),
    Entry("files.sweep_bytes", "5 4 * * *"),
    Entry("chat.forget_visitors", "30 4 * * *"),
    Entry("chat.apply_retention", "20 3 * * *"),
    Entry("chat.daily_reports", "40 1 * * *"),
]
