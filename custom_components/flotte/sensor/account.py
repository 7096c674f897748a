"""The account: counts, costs and the budget."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..entity import AccountEntity
from ..spending.account_ledger import AccountLedger
from ..spending.decisions import SPENDING_REASON_KEY
from ..tesla.spending.caller import CallerKind
from ..tesla.spending.ledger import Month
from ..tesla.spending.modes import ModeReason, SpendingMode
from ..tesla.spending.projection import Basis
from ..tesla.spending.tariff import CENT, Category

_TENTH: Final = Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class FlotteAccountDescription(SensorEntityDescription):
    """A sensor of the account. Money is in the currency of its tariff."""

    value: Callable[[AccountLedger, datetime], StateType | Decimal]
    """Returns the value at a time."""
    counts_from: Callable[[datetime], datetime] | None = None
    """Returns the beginning of the period that a total counts."""
    interval_minutes: int | None = None
    """How often a value that changes at all times is shown; None to show each change at once."""


def _month(now: datetime) -> datetime:
    """The beginning of the month, in UTC as Tesla bills."""
    return Month.of(now).begin


def _day(now: datetime) -> datetime:
    """The beginning of the day, in UTC as the ledger counts."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _cost(key: str, category: Category | None) -> FlotteAccountDescription:
    """Cost of this month before Tesla's discount, of one category or of all."""
    return FlotteAccountDescription(
        key=key,
        value=lambda ledger, now: ledger.meter.cost(now, category),
        counts_from=_month,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC if category else None,
    )


def _wakes_today(ledger: AccountLedger, now: datetime) -> int:
    """Wakes of all vehicles, except for corrections, which belong to no day."""
    return ledger.meter.ledger.wakes_on(now.astimezone(UTC).date(), kinds=tuple(CallerKind))


def _used(ledger: AccountLedger, now: datetime) -> Decimal | None:
    """Share of the budget that is spent, in per cent, rounded up; None if the budget is zero.

    It is more than 100 if the budget was lowered to less than what was already spent.
    """
    meter = ledger.meter
    if not meter.budget:
        return None
    return (100 * meter.spent(now) / meter.budget).quantize(_TENTH, ROUND_UP)


def _projected(ledger: AccountLedger, now: datetime) -> Decimal | None:
    """Projected cost of the month, updated hourly, and never less than the cost so far."""
    if ledger.projection is None:
        return None
    return max(ledger.projection.total, ledger.meter.cost(now))


ACCOUNT_SENSORS: Final = (
    _cost("cost_month", None),
    _cost("cost_signal", Category.SIGNAL),
    _cost("cost_command", Category.COMMAND),
    _cost("cost_data", Category.DATA),
    _cost("cost_wake", Category.WAKE),
    _cost("cost_energy", Category.ENERGY),
    # No statistics for these two: Home Assistant only sums money, and a sum of projections or of
    # remaining budgets is meaningless.
    FlotteAccountDescription(
        key="projected_cost",
        value=_projected,
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
    ),
    FlotteAccountDescription(
        key="budget_left",
        # Rounded down, to never show more than is left.
        value=lambda ledger, now: ledger.meter.left(now).quantize(CENT, ROUND_DOWN),
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
    ),
    FlotteAccountDescription(
        key="budget_used",
        value=_used,
        interval_minutes=1,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    # A total with a reset time, not a total that only increases: taking back a wake that Tesla did
    # not bill would look like a reset, and wakes would be counted twice.
    FlotteAccountDescription(
        key="wakes_today",
        value=_wakes_today,
        counts_from=_day,
        state_class=SensorStateClass.TOTAL,
    ),
    FlotteAccountDescription(
        key="wakes_saved",
        value=lambda ledger, now: ledger.meter.ledger.avoided_wakes(Month.of(now)),
        counts_from=_month,
        state_class=SensorStateClass.TOTAL,
    ),
    FlotteAccountDescription(
        key="signals_per_hour",
        value=lambda ledger, now: ledger.meter.signals_last_hour(now),
        interval_minutes=5,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    FlotteAccountDescription(
        key="spending_mode",
        value=lambda ledger, now: ledger.gate.shown_mode_status(now).mode,
        device_class=SensorDeviceClass.ENUM,
        options=[str(mode) for mode in SpendingMode],
    ),
    FlotteAccountDescription(
        key=SPENDING_REASON_KEY,
        value=lambda ledger, now: ledger.gate.shown_mode_status(now).reason,
        device_class=SensorDeviceClass.ENUM,
        options=[str(reason) for reason in ModeReason],
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteAccountDescription(
        key="projection_basis",
        value=lambda ledger, _: ledger.projection.basis if ledger.projection else None,
        device_class=SensorDeviceClass.ENUM,
        options=[str(basis) for basis in Basis],
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


class AccountSensor(AccountEntity, SensorEntity):
    """Shows a count, cost or limit of the account."""

    entity_description: FlotteAccountDescription

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # The ledger reports the beginning of a day.
        if minutes := self.entity_description.interval_minutes:
            self.async_on_remove(
                async_track_utc_time_change(
                    self.hass, self.async_refresh_if_changed, minute=range(0, 60, minutes), second=0
                )
            )

    @property
    @override
    def follows_ledger(self) -> bool:
        return self.entity_description.interval_minutes is None

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value, self.last_reset, self.native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | Decimal:
        return self.entity_description.value(self._ledger, dt_util.utcnow())

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        if self.device_class is SensorDeviceClass.MONETARY:
            return self._ledger.meter.tariff.currency
        return super().native_unit_of_measurement

    @property
    @override
    def last_reset(self) -> datetime | None:
        counts_from = self.entity_description.counts_from
        return counts_from(dt_util.utcnow()) if counts_from else None
