"""Errors and their texts fit together: none without words, no words left over."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, Final

import pytest

import custom_components.flotte
from custom_components.flotte.charging import sentences
from custom_components.flotte.errors import as_home_assistant
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.api import oauth
from custom_components.flotte.tesla.energy.rate_plan import Rule
from custom_components.flotte.tesla.errors import (
    STATUS_TABLE,
    CommandRefused,
    InvalidCommand,
    NotSent,
    ServiceError,
    TeslaError,
)
from custom_components.flotte.tesla.signing import faults, verdict
from custom_components.flotte.tesla.signing.faults import FAULTS, Fault, fault_of
from custom_components.flotte.tesla.signing.verdict import (
    GENERIC_ERRORS,
    KEY_MANAGEMENT,
    REASONS,
    SIGNED_MESSAGE_INFORMATION,
    Outcome,
)
from custom_components.flotte.tesla.spending.decision import DecisionReason
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.modes import ModeReason
from custom_components.flotte.tesla.spending.projection import Basis
from custom_components.flotte.tesla.spending.tariff import DATA
from tests import test_charging_sentences as charging_sentences

HERE: Final = Path(custom_components.flotte.__file__).parent
TEXTS: Final[dict[str, Any]] = json.loads((HERE / "translations" / "en.json").read_text("utf-8"))


def subclasses(kind: type[TeslaError]) -> Iterator[type[TeslaError]]:
    """The class and everything below it."""
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


ERRORS: Final = sorted(set(subclasses(TeslaError)), key=lambda kind: kind.__name__)

EXCEPTIONS: Final[dict[str, dict[str, str]]] = TEXTS["exceptions"]


def placeholders(key: str) -> set[str]:
    """The placeholders of a text."""
    message = EXCEPTIONS[key]["message"]
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def example(kind: type[TeslaError]) -> TeslaError:
    """An error as the code raises it."""
    if kind is InvalidCommand:
        with pytest.raises(InvalidCommand) as invalid:
            commands.set_charge_limit(7)
        return invalid.value
    if kind.key == "budget_exceeded":
        with pytest.raises(kind) as exceeded:
            Meter(budget=Decimal(0)).require([DATA], _MOMENT)
        return exceeded.value
    if kind is NotSent:
        # Its text is that of its cause.
        return NotSent()
    return kind("detail")


_MOMENT: Final = datetime(2026, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_error_has_a_text_and_all_that_it_names(kind: type[TeslaError]) -> None:
    error = example(kind)
    assert error.translation_key in EXCEPTIONS
    # Who acts on a car adds its name; see FlotteCoordinator._async_act.
    assert placeholders(error.translation_key) <= {*error.placeholders, "name"}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_text_at_set_up_names_no_car(kind: type[TeslaError]) -> None:
    """Where no car is concerned, none can be named: only one error is about a single car's key."""
    names_a_car = "name" in placeholders(kind.key)
    assert names_a_car is (kind.key == "key_not_paired")


def test_a_text_does_not_end_a_sentence_of_teslas_twice() -> None:
    text = as_home_assistant(ServiceError("The backend is down."), name="Aurora")
    assert text.translation_placeholders == {"detail": "The backend is down", "name": "Aurora"}


def test_keys_of_errors_are_their_own() -> None:
    assert len({kind.key for kind in ERRORS}) == len(ERRORS)


def of_signing() -> set[str]:
    """Every key that the signed protocol can give to a refusal."""
    found = {each.translation_key for each in FAULTS.values()}
    found |= {value.translation_key for value in vars(faults).values() if isinstance(value, Fault)}
    found.add(fault_of(9999).translation_key)
    found |= {each.translation_key for each in GENERIC_ERRORS.values()}
    found |= {fault.translation_key for _, fault in SIGNED_MESSAGE_INFORMATION.values()}
    found |= {each.translation_key for each in KEY_MANAGEMENT.values()}
    found |= {verdict.of_reason(word).translation_key for word in REASONS}
    found |= {"reason_other", "refused_other", "refused_key_management"}
    return found - {""}


@pytest.mark.parametrize("key", sorted(of_signing()))
def test_refusal_has_a_text_and_all_that_it_names(key: str) -> None:
    assert key in EXCEPTIONS
    error = CommandRefused("detail", reason=key)
    assert error.translation_key == key
    assert placeholders(key) <= set(error.placeholders)


def test_refusals_that_always_mean_success_need_no_text() -> None:
    """And those that mean "no", if only to some, have one."""
    for word, row in REASONS.items():
        if row.outcome is Outcome.REFUSED:
            assert row.translation_key == f"reason_{word}"
        else:
            assert (row.translation_key == "") is word.startswith("already_"), word


def raised_by_name() -> set[str]:
    """Keys that the code of the Home Assistant side names itself, or gives as a reason."""
    pattern = re.compile(r'(?:translation_key|reason)="(\w+)"')
    found: set[str] = set()
    for path in HERE.rglob("*.py"):
        folder = path.relative_to(HERE).parts[0]
        if folder not in {"config_flow.py", "flows", "repairs.py", "tesla"}:
            found |= set(pattern.findall(path.read_text("utf-8")))
    for path in (HERE / "tesla" / "vehicle").glob("*.py"):
        found |= set(pattern.findall(path.read_text("utf-8")))
    # Names of devices and of repairs, which have their own sections.
    return found - set(TEXTS["device"]) - (set(TEXTS["issues"]) - set(EXCEPTIONS))


def of_spending() -> set[str]:
    """Every key of a decision, a spending mode or a projection; their own tests compare the words.

    They are read in errors and in what actions answer.
    """
    found = {str(each) for table in (DecisionReason, ModeReason, Basis) for each in table}
    return found | {
        f"{reason}_waits" for reason in DecisionReason if f"{reason}_waits" in EXCEPTIONS
    }


def test_keys_named_in_the_code_have_a_text() -> None:
    assert raised_by_name() - set(EXCEPTIONS) == set()


@pytest.mark.parametrize("rule", Rule)
def test_rule_of_a_tariff_has_a_text_and_names_the_place(rule: Rule) -> None:
    assert placeholders(rule) == {"place"}


def test_no_text_of_an_error_is_left_over() -> None:
    used = {kind.key for kind in ERRORS} | of_signing() | of_spending() | raised_by_name()
    used |= {key for key in EXCEPTIONS if key.startswith(charging_sentences.PREFIX)}
    used |= set(sentences.FAILURES.values())
    used |= set(oauth.LOGIN_REASONS.values()) | {str(rule) for rule in Rule}
    assert set(EXCEPTIONS) - used == set()


def test_every_status_that_tesla_documents_is_understood() -> None:
    """Rows of one status go from the special to the general."""
    general: set[int] = set()
    for row in STATUS_TABLE:
        assert row.status not in general, f"{row} is never reached"
        assert row.text == row.text.lower()
        if not row.text:
            general.add(row.status)


def test_repairs_have_their_texts() -> None:
    written = set(re.findall(r"\{(\w+)\}", json.dumps(TEXTS["issues"]["key_not_paired"])))
    assert written == {"name", "url", "detail"}
