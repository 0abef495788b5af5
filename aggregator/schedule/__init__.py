"""When feeds are polled, and the long-running process that does it.

cron_times.py   times a cron line means, daylight saving included      (pure)
freshness.py    how long an answer asks to be left alone               (pure)
intervals.py    the next poll of a feed                                (pure)
memory.py       what of this is kept in a feed's state                 (pure)
planner.py      a feed's state after a poll                            (pure)
pacing.py       which due feeds go now, so that no host sees a burst   (pure)
dispatch.py     due feeds to polls
publishing.py   commits to documents, at most a second later
chores.py       embargoes, bands, retention
reloading.py    a changed feeds.toml, without a restart
daemon.py       APScheduler, lease, signals
"""
