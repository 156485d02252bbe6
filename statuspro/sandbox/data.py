"""Believable orders. Each depends only on the seed and on the order's index in the list."""

# The customers' names are in many scripts on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import NamedTuple

from .catalogue import (
    CATALOGUE,
    DELIVERED,
    IN_PRODUCTION,
    ON_HOLD,
    QUALITY_CHECK,
    READY,
    RECEIVED,
    SHIPPED,
    Catalogue,
)
from .orders import FINANCIAL_STATUSES, FULFILLMENT_STATUSES, Customer, Event, Mail, Order

FIRST_ID = 6110375248088
FIRST_NUMBER = 1188
# Ids as a shop system gives them: ascending, with gaps, larger than 32 bits.
_ID_STRIDE = 32_768
_ID_JITTER = 30_011

DAY = 86_400
_UNTIL_REMARK = 600
#: Seconds. The age of the oldest order.
_SEASON = 80 * DAY


class _Region(NamedTuple):
    """The names of one language, each as people write it and as an e-mail address holds it."""

    locale: str
    family_first: bool
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]


def _region(locale: str, given: str, family: str, *, family_first: bool = False) -> _Region:
    def pairs(names: str) -> tuple[tuple[str, str], ...]:
        return tuple(
            (written, ascii_form or written.lower())
            for written, _, ascii_form in (name.partition("=") for name in names.split())
        )

    return _Region(locale, family_first, pairs(given), pairs(family))


_REGIONS = (
    _region("en", "Ada Grace Alan Joan Miles Ruth Oscar Nina", "Smith Okafor Byrne Clarke Reed"),
    _region(
        "de",
        "Jürgen=juergen Käthe=kaethe Anneliese Björn=bjoern Jörg=joerg Frieda",
        "Müller=mueller Weiß=weiss Schröder=schroeder Krüger=krueger Vogel",
    ),
    _region(
        "fr",
        "Chloé=chloe François=francois Zoé=zoe Benoît=benoit Maëlle=maelle Léon=leon",
        "Lefèvre=lefevre D'Aubigné=daubigne Noël=noel Garçon=garcon Béranger=beranger",
    ),
    _region(
        "pl",
        "Łukasz=lukasz Żaneta=zaneta Małgorzata=malgorzata Paweł=pawel Wit",
        "Wójcik=wojcik Dąbrowska=dabrowska Zięba=zieba Śliwa=sliwa Gołąb=golab",
    ),
    _region(
        "tr",
        "Çağla=cagla Gülşen=gulsen İsmail=ismail Ömer=omer",
        "Yıldız=yildiz Şahin=sahin Koç=koc",
    ),
    _region(
        "ru",
        "Ольга=olga Фёдор=fyodor Юлия=yulia Илья=ilya",
        "Соколова=sokolova Щукин=shchukin Ёлкин=yolkin",
    ),
    _region(
        "uk",
        "Ґалина=galyna Їжак=yizhak Євген=yevhen Ніна=nina",
        "Шевчук=shevchuk Ковальчук=kovalchuk",
    ),
    _region("el", "Ελένη=eleni Γιώργος=giorgos Ζωή=zoi", "Παππάς=pappas Αγγελίδου=angelidou"),
    _region(
        "ja",
        "葵=aoi 健太=kenta さくら=sakura 蓮=ren",
        "佐藤=sato 鈴木=suzuki 髙橋=takahashi 渡邉=watanabe",
        family_first=True,
    ),
    _region(
        "zh",
        "伟=wei 秀英=xiuying 芳=fang 强=qiang",
        "王=wang 李=li 张=zhang 欧阳=ouyang",
        family_first=True,
    ),
    _region(
        "ko",
        "민준=minjun 서연=seoyeon 지우=jiwoo",
        "김=kim 이=lee 박=park 최=choi",
        family_first=True,
    ),
    _region("ar", "ليلى=layla يوسف=yusuf فاطمة=fatima عمر=omar", "الخطيب=alkhatib حداد=haddad"),
    _region("he", "נועה=noa דוד=david תמר=tamar אורי=uri", "כהן=cohen לוי=levi מזרחי=mizrahi"),
    _region("hi", "अनन्या=ananya अर्जुन=arjun प्रिया=priya", "शर्मा=sharma पटेल=patel"),
    _region(
        "vi", "Thị=thi Ngọc=ngoc Hữu=huu", "Nguyễn=nguyen Trần=tran Đặng=dang", family_first=True
    ),
)
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_TAGS = ("commercial", "rush", "gift", "wholesale", "engraved", "repeat-customer", "b2b", "vip")
_REMARKS = (
    "Customer asked for a matte finish",
    "Wood arrived, cutting tomorrow",
    "Called back about the engraving: «für Zoë»",
    "Packed with extra padding",
)

# How common each status is, in 256ths. The rest, about a third, has no status.
_STATUS_SHARES = (
    (IN_PRODUCTION, 40),
    (SHIPPED, 36),
    (DELIVERED, 36),
    (RECEIVED, 24),
    (QUALITY_CHECK, 16),
    (READY, 10),
    (ON_HOLD, 10),
)
_STATUS_OF_BYTE: tuple[str | None, ...] = tuple(
    code for code, share in _STATUS_SHARES for _ in range(share)
) + (None,) * (256 - sum(share for _, share in _STATUS_SHARES))

# In 256ths: how many orders have a status of a catalogue of the user's own.
_WITH_A_STATUS = sum(share for _, share in _STATUS_SHARES)


def id_at(index: int) -> int:
    """Returns the id of the order at `index`, counted from the oldest."""
    return FIRST_ID + index * _ID_STRIDE + index * 19_997 % _ID_JITTER


def index_of(order_id: int) -> int | None:
    """Returns the index of the order in the list, counted from the oldest; None if unknown."""
    index = (order_id - FIRST_ID) // _ID_STRIDE
    return index if index >= 0 and id_at(index) == order_id else None


def subject_of(name: str, status_name: str) -> str:
    """Returns the subject of the mail that tells a customer of a status."""
    return f"Order {name}: {status_name}"


def midnight(time: float) -> int:
    """Returns the beginning of the UTC day of `time`, in seconds since 1970."""
    return int(time // DAY * DAY)


def arrival(index: int, total: int, today: int) -> int:
    """Returns when the order at `index` of `total` orders came in: always before `today`."""
    return today - _SEASON + _SEASON * index // total


def seeded_order(
    seed: int, index: int, created: int, today: int, catalogue: Catalogue = CATALOGUE
) -> Order:
    """Makes the order at `index`: the same order for the same arguments, on any machine.

    Args:
        seed: the seed of the sandbox.
        index: the order's index in the list, counted from the oldest.
        created: when the order came in, in seconds since 1970.
        today: a midnight, in seconds since 1970. The order's history ends before it.
        catalogue: the statuses that the order may have.
    """
    # Each byte decides one choice.
    dice = blake2b(b"%d:%d" % (seed, index), digest_size=32).digest()
    order = Order(
        id=id_at(index),
        number=FIRST_NUMBER + index,
        customer=_customer(dice),
        created_at=created,
        tags=_tags(dice[6], dice[7]),
        financial_status=FINANCIAL_STATUSES[dice[8] % 8 if dice[9] < 100 else 0],
        fulfillment_status=FULFILLMENT_STATUSES[dice[10] % 4],
        cancelled_at=min(created + dice[12] * 900, today) if dice[11] < 20 else None,
        additional_emails=("office@reseller.example",) if dice[13] < 16 else (),
        catalogue=catalogue,
    )
    _give_status(order, _status_of(catalogue, dice[14]), dice, today)
    _give_due_date(order, dice)
    return order


def _status_of(catalogue: Catalogue, byte: int) -> str | None:
    if catalogue is CATALOGUE:
        return _STATUS_OF_BYTE[byte]
    codes = tuple(catalogue)
    return codes[byte % len(codes)] if codes and byte < _WITH_A_STATUS else None


def _customer(dice: bytes) -> Customer:
    region = _REGIONS[dice[0] % len(_REGIONS)]
    given, given_ascii = region.given[dice[1] % len(region.given)]
    family, family_ascii = region.family[dice[2] % len(region.family)]
    number = str(dice[3]) if dice[4] < 128 else ""
    return Customer(
        name=f"{family} {given}" if region.family_first else f"{given} {family}",
        email=f"{given_ascii}.{family_ascii}{number}@{_DOMAINS[dice[5] % len(_DOMAINS)]}",
        locale=region.locale,
    )


def _tags(first: int, second: int) -> tuple[str, ...]:
    if first < 96:
        return ()
    one, other = _TAGS[first % len(_TAGS)], _TAGS[second % len(_TAGS)]
    return (one,) if one == other or second < 128 else (one, other)


def _give_status(order: Order, code: str | None, dice: bytes, today: int) -> None:
    """Sets the status and writes the history that led to it, squeezed for a young order."""
    way = order.catalogue.way_to(code) if code else ()
    steps = [3600 + dice[15 + step % 5] * 1200 for step in range(len(way))]
    needed = sum(steps) + _UNTIL_REMARK
    available = min(today - order.created_at, needed)
    passed_by = 0
    for passed, step in zip(way, steps, strict=True):
        passed_by += step
        time = order.created_at + passed_by * available // needed
        order.history.append(
            Event("status_updated", time, passed, mail=_past_mail(order, passed, time))
        )
        order.status_code, order.status_set_at = passed, time
    if dice[20] < 64:
        remark = _REMARKS[dice[21] % len(_REMARKS)]
        time = order.created_at + available
        order.history.append(Event("comment_added", time, None, remark, dice[22] < 128))


def _past_mail(order: Order, code: str, time: int) -> Mail:
    subject = subject_of(order.name, order.catalogue[code].name)
    return Mail(order.id, (order.customer.email,), subject, code, None, time, None)


def _give_due_date(order: Order, dice: bytes) -> None:
    if dice[23] < 100:
        return
    day = datetime.fromtimestamp(order.created_at, timezone.utc).date()
    due = day + timedelta(days=5 + dice[24] % 30)
    order.due_date = due.isoformat()
    if dice[25] < 128:
        order.due_date_to = (due + timedelta(days=1 + dice[26] % 6)).isoformat()
