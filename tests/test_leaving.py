"""An account that goes: the last one of an application takes its issues along."""

from datetime import timedelta
from decimal import Decimal

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.meter import Doubt
from custom_components.flotte.tesla.spending.tariff import Category
from tests.conftest import EntryMaker, issues_of, set_up
from tests.fleet import MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR])


@pytest.fixture
def issues(loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The issues of an application whose budget is used up and whose ledger is in doubt."""

    async def agrees(*_: object) -> None:
        """Do not compare: what is spent is only written down here."""

    monkeypatch.setattr("tests.conftest.check_bill", agrees)
    ledger: AccountLedger = loaded.runtime_data.ledger
    now = dt_util.utcnow()
    ledger.meter.correct({Category.DATA: round(Decimal(20) / Decimal("0.002"))}, now)
    ledger.meter.doubt = Doubt(Month.of(now), {}, "kept")
    ledger.async_review(now)
    return {f"budget_used_up_{ledger.name}", f"ledger_damaged_{ledger.name}"}


async def test_issues_go_with_the_last_account(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    issues: set[str],
    make_entry: EntryMaker,
    wait: Wait,
) -> None:
    assert issues_of(hass) == issues
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert issues_of(hass) == set()
    await wait(timedelta(hours=2))
    assert issues_of(hass) == set(), "nobody is asked about it"
    await set_up(hass, make_entry())
    assert issues_of(hass) == issues


async def test_issues_stay_with_another_account(
    hass: HomeAssistant, loaded: MockConfigEntry, issues: set[str], make_entry: EntryMaker
) -> None:
    await set_up(hass, make_entry("owner-2"))
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert issues_of(hass) == issues
