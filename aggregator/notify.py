"""The one home of apprise: tells people by e-mail, Slack, ntfy and many others.

Called in a child process with a time limit (`aggregator.workers`): apprise talks to the
network by itself, by many libraries, and its own limits do not hold for all of them. It is
given configured addresses only, never anything a publisher wrote, and follows no redirect.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import apprise

__all__ = ["TIME_LIMIT_S", "TOTAL_LIMIT_S", "send"]

# Of apprise for each address; of the child, which has to start, too.
TIME_LIMIT_S: Final = 20.0
TOTAL_LIMIT_S: Final = 45.0


def send(urls: Sequence[str], *, title: str, body: str) -> str | None:
    """Sends one message to all addresses, at the same time.

    Args:
        urls: apprise URLs; they hold secrets.
        title: One line.
        body: Plain text.

    Returns:
        What went wrong, in words without secrets; None: all took it. Where some took it and
        some did not, sending again repeats it for those that did.
    """
    # Its words name hosts and sometimes more; what is worth knowing is returned.
    logging.getLogger(apprise.LOGGER_NAME).disabled = True
    asset = apprise.AppriseAsset(
        app_id="Newsroom aggregator",
        app_desc="Newsroom aggregator",
        app_url="",
        http_redirects=False,
        storage_mode="memory",
        service_timeout=TIME_LIMIT_S,
        secure_logging=True,
    )
    channel = apprise.Apprise(asset=asset)
    for number, url in enumerate(urls, start=1):
        if not channel.add(url):
            return f"address no. {number} is none that apprise knows"
    if not urls:
        return "there is no address"
    result = channel.notify(
        body=body, title=title, body_format=apprise.NotifyFormat.TEXT.value, timeout=TIME_LIMIT_S
    )
    failed = [
        f"{one.name} ({one.status.name.lower()})"
        for one in result.results
        if one.status is not apprise.AppriseResultStatus.SUCCESS
    ]
    if result and not failed:
        return None
    return f"not taken: {', '.join(failed) or result.status.name.lower()}"
