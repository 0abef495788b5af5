from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.parse import parse_date

NOON = datetime(2022, 4, 12, 12, 30, tzinfo=UTC)
MIDNIGHT = datetime(2022, 4, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        pytest.param("Tue, 12 Apr 2022 14:30:00 +0200", NOON, id="RFC 822"),
        pytest.param("12 Apr 22 12:30 GMT", NOON, id="RFC 822, the old way"),
        pytest.param("Tue, 12 Apr 2022 08:30:00 EDT", NOON, id="a zone's name"),
        pytest.param("Tue, 12 Apr 2022 14:30 MESZ", NOON, id="a German zone's name"),
        pytest.param("Tue, 12 Apr 2022 21:30:00 GMT+9", NOON, id="an offset from GMT"),
        pytest.param("Tue,12 Apr 2022 21:30:0 GMT+9", NOON, id="digits and spaces missing"),
        pytest.param("Tue, 12 Apr 2022 14:30:00 +0200 (CEST)", NOON, id="a comment"),
        pytest.param("2022-04-12T12:30:00Z", NOON, id="ISO 8601"),
        pytest.param("2022-04-12T14:30:00.123+02:00", NOON, id="ISO 8601 with fractions"),
        pytest.param("2022-04-12T14:30:00+0200", NOON, id="ISO 8601 without a colon"),
        pytest.param("2022-04-12 14:30", NOON, id="ISO 8601 with a space and no zone"),
        pytest.param("20220412T123000Z", NOON, id="ISO 8601 basic"),
        pytest.param("2022-04-12", MIDNIGHT, id="a day only"),
        pytest.param(
            "Tue, 12 Apr 2022 24:00:00 +0200", NOON.replace(hour=22, minute=0), id="24:00"
        ),
        pytest.param("Tue, 12 Apr 2022 12:30:60 GMT", NOON.replace(second=59), id="a leap second"),
        pytest.param("Di, 12 Apr 2022", MIDNIGHT, id="a German weekday"),
        pytest.param("Dienstag, 12. April 2022 - 14:30", NOON, id="a German date"),
        pytest.param("12. April 2022, 14.30 Uhr", NOON, id="a German time"),
        pytest.param("12.04.2022 14:30", NOON, id="a dotted date"),
        pytest.param("12.4.22", MIDNIGHT, id="a short dotted date"),
        pytest.param("Tuesday, April 12, 2022 - 2:30pm", NOON, id="an American date"),
        pytest.param("Apr. 12, 2022 2:30 P.M.", NOON, id="an abbreviated American date"),
        pytest.param("mar., 12 avr. 2022 14:30", NOON, id="a French date"),
        pytest.param("mardi 12 avril 2022 14h30", NOON, id="a French date and time"),
        pytest.param("mar, 12 apr 2022 14:30:00 +0200", NOON, id="an Italian date"),
        pytest.param("Ter, 12 Abr 2022 09:30:00 -0300", NOON, id="a Portuguese date"),
        pytest.param("Tue Apr 12 14:30:00 CEST 2022", NOON, id="asctime with a zone"),
        pytest.param("12-Apr-2022 14:30", NOON, id="dashes"),
        pytest.param("1649766600", NOON, id="seconds since 1970"),
        pytest.param("1649766600000", NOON, id="milliseconds since 1970"),
        pytest.param("12/04/2022 14:30", NOON, id="slashes, day first"),
    ],
)
def test_dates_are_read(raw: str, date: datetime) -> None:
    assert parse_date(raw, "Europe/Berlin", "de") == date


@pytest.mark.parametrize(
    ("raw", "month"),
    [
        pytest.param("Mo, 12 Mär 2012", 3, id="Mär"),
        pytest.param("12. März 2012", 3, id="März"),
        pytest.param("12. Mrz 2012", 3, id="Mrz"),
        pytest.param("Do, 12 Jän 2012", 1, id="Jän, in Austria"),
        pytest.param("Sa, 12 Mai 2012", 5, id="Mai"),
        pytest.param("Fr, 12 Okt 2012", 10, id="Okt"),
        pytest.param("Mi, 12 Dez 2012", 12, id="Dez"),
        pytest.param("12 Sept. 2012", 9, id="Sept."),
        pytest.param("maandag 12 maart 2012", 3, id="maart, on a Dutch Monday"),
        pytest.param("martes 12 de junio de 2012", 6, id="junio, on a Spanish Tuesday"),
    ],
)
def test_months_are_known_by_name(raw: str, month: int) -> None:
    date = parse_date(raw, "UTC", "de")
    assert date is not None
    assert (date.year, date.month, date.day) == (2012, month, 12)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="nothing"),
        pytest.param("soon", id="a word"),
        pytest.param("0001-01-01T00:00:00Z", id="year 1"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", id="the start of time"),
        pytest.param("9999-12-31", id="the end of time"),
        pytest.param("Sat, 30 Feb 2022 10:00:00 GMT", id="a day that is none"),
        pytest.param("2022-13-01", id="a month that is none"),
        pytest.param("12 Apr 2022 25:10", id="an hour that is none"),
        pytest.param("April 2022", id="a month"),
        pytest.param("13/14/2022", id="no month at all"),
    ],
)
def test_what_is_no_plausible_date_is_none(raw: str | None) -> None:
    assert parse_date(raw, "Europe/Berlin", "de") is None


def test_a_slashed_date_is_read_as_its_language_does() -> None:
    british_day = datetime(2024, 4, 3, tzinfo=UTC)
    assert parse_date("3/4/2024", "UTC", "de") == british_day
    assert parse_date("3/4/2024", "UTC", "en-US") == datetime(2024, 3, 4, tzinfo=UTC)
    assert parse_date("23/4/2024", "UTC", "en") == datetime(2024, 4, 23, tzinfo=UTC)


def test_summer_time_is_the_zones() -> None:
    winter = parse_date("12.01.2022 12:00", "Europe/Berlin", "de")
    summer = parse_date("12.07.2022 12:00", "Europe/Berlin", "de")
    assert winter == datetime(2022, 1, 12, 11, tzinfo=UTC)
    assert summer == datetime(2022, 7, 12, 10, tzinfo=UTC)


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001 - made aware below
    st.integers(-14 * 60, 14 * 60),
)
@settings(deadline=None)
def test_what_was_written_is_read_back(naive: datetime, minutes: int) -> None:
    date = naive.replace(microsecond=0, tzinfo=UTC)
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    zone = f"{sign}{offset // 60:02}{offset % 60:02}"
    local = (naive.replace(microsecond=0) + timedelta(minutes=minutes)).strftime
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - as written
    month = months[int(local("%m")) - 1]
    assert parse_date(f"{local('%d')} {month} {local('%Y %H:%M:%S')} {zone}", "UTC", "de") == date
    assert parse_date(local("%Y-%m-%dT%H:%M:%S") + zone, "UTC", "de") == date


@given(st.text(max_size=150) | st.text(alphabet="0123456789:-/. +aprjnmzue", max_size=60))
@settings(deadline=None)
def test_nothing_raises(raw: str) -> None:
    date = parse_date(raw, "Europe/Berlin", "en")
    assert date is None or date.utcoffset() == timedelta(0)
