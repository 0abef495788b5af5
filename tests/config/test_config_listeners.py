"""`[[webhook]]` and `[[notify]]`: what they become, and what is said of mistakes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.actions.material import check_listeners
from aggregator.config.loading import settings_of_text
from aggregator.errors import ConfigError
from aggregator.model.events import AlertKind, RateLimit
from aggregator.model.feeds import OutletKind
from aggregator.model.policy import Settings
from aggregator.model.stories import ChangeKind


def load(text: str) -> Settings:
    return settings_of_text(text, path=Path("feeds.toml"), environ={})


HOOK = "[[webhook]]\nname = 'cms'\nurl = 'https://cms.example/'\nsecret_env = 'CMS'\n"
CHANNEL = "[[notify]]\nname = 'desk'\nurls_env = 'DESK'\n"


def test_a_webhook_has_filters_as_an_output_and_safe_defaults() -> None:
    more = (
        "query = 'ferry'\nkinds = ['ministry']\non = ['created', 'member-added']\ngive_up = '1h'"
    )
    (hook,) = load(HOOK + more).webhooks
    assert (hook.selection.query, hook.selection.kinds) == ("ferry", (OutletKind.MINISTRY,))
    assert hook.on == (ChangeKind.CREATED, ChangeKind.MEMBER_ADDED)
    assert (hook.content, hook.private_network, hook.timeout_s) == ("link", False, 15.0)
    assert hook.give_up == timedelta(hours=1)
    assert "cms.example" not in repr(hook), "an address may hold secrets"


def test_a_channel_speaks_the_installations_language_unless_told_otherwise() -> None:
    settings = load(
        "[aggregator]\nlanguage = 'en'\n" + CHANNEL + "at_most = '3/1h'\non = ['copy']\n"
        "[[notify]]\nname = 'two'\nurls_env = 'TWO'\nlanguage = 'de'\non = []\n"
    )
    one, two = settings.notify
    assert (one.language, two.language) == ("en", "de")
    assert one.at_most == RateLimit(count=3, every=timedelta(hours=1))
    assert (one.on, two.on) == ((AlertKind.COPY,), ())
    assert load(CHANNEL).notify[0].on == (
        AlertKind.NEW,
        AlertKind.CORRECTION,
        AlertKind.WITHDRAWAL,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(HOOK + "on = ['createt']", 'did you mean "created"?', id="no such change"),
        pytest.param(
            HOOK + "outlets = ['nobody']", "the id of an [[outlet]]", id="no such outlet"
        ),
        pytest.param(HOOK + HOOK, "the name of a webhook that is used once", id="a name twice"),
        pytest.param(
            HOOK + "timeout = '1h'", 'a duration from "1s" to "2m"', id="a receiver too slow"
        ),
        pytest.param(
            "[[webhook]]\nname = 'cms'\nurl = 'https://cms.example/'",
            'key "secret_env": the key is missing',
            id="a webhook without a secret",
        ),
        pytest.param(CHANNEL + CHANNEL, "the name of a channel that is used once", id="twice"),
        pytest.param(CHANNEL + "at_most = '1/5'", "the unit is missing", id="a rate without unit"),
        pytest.param(CHANNEL + "at_most = '0/5m'", "not a number of messages", id="never"),
        pytest.param(CHANNEL + "at_most = '1/0s'", "the duration is zero", id="a rate of no time"),
        pytest.param(CHANNEL + "on = ['news']", 'did you mean "new"?', id="no such alert"),
    ],
)
def test_mistakes_are_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HOOK.replace("'CMS'", "'whsec_hunter2 hunter2'"), id="the secret itself"),
        pytest.param(HOOK.replace("https://cms", "ftp://hunter2:hunter2@cms"), id="an address"),
        pytest.param(CHANNEL.replace("'DESK'", "'slack://hunter2/x'"), id="a channel's address"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", [HOOK, CHANNEL], ids=["of a webhook", "of a channel"])
def test_a_query_that_cannot_be_read_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\[\[(webhook|notify)\]\] (cms|desk), key query"):
        check_listeners(load(text + "query = '('"))
    check_listeners(load(text + "query = 'ferry'"))
