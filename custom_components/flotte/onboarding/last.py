"""The last steps of the setup: an account without cars, and the first look at the cars."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..account.first_look import async_note_first_look, price_of_look
from ..account.products import Product, distinct_names, granted_assets, product_name
from ..account.titles import async_distinct_title, end_of
from ..const import SCOPE_VEHICLE_DATA
from ..spending.account_ledger import async_get_ledger
from ..tesla.api.fleet import FleetApi
from ..tesla.errors import TeslaError
from ..texts import async_option_texts
from .login import LoginSteps

CONF_LOOK: Final = "look"


class LastSteps(LoginSteps):
    """Steps once the domain is registered and the cars are paired, or need not be."""

    def __init__(self) -> None:
        """Start without an account."""
        super().__init__()
        self._data: dict[str, Any] = {}
        self._granted: frozenset[str] = frozenset()
        self._products: Sequence[Product] | None = None
        """Tesla's list of the account, once it was read."""
        self._awake: Sequence[str] = ()
        """Vehicles whose price to read them names no wake."""

    @abstractmethod
    async def _api(self, token: str) -> FleetApi:
        """The API with this token."""

    async def _async_conclude(self) -> ConfigFlowResult:
        """Show the steps that only a new account needs, or make its entry."""
        if self._products is None:
            api = await self._api(self._data[CONF_TOKEN][CONF_ACCESS_TOKEN])
            try:
                self._products = await api.products()
            except TeslaError:
                # The setup reads the list, too.
                return self._create()
        if self._vehicles:
            return await self.async_step_look()
        if self._assets and SCOPE_VEHICLE_DATA not in self._granted:
            return self._create()
        return await self.async_step_no_vehicles()

    @property
    def _assets(self) -> Mapping[str, Product]:
        return granted_assets(self._products or (), self._granted)

    @property
    def _vehicles(self) -> Mapping[str, Product]:
        return {vin: each for vin, each in self._assets.items() if each.get("vin")}

    async def async_step_no_vehicles(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that the account has no cars, which the owner may not expect."""
        if user_input is not None:
            return self._create()
        sites = ", ".join(distinct_names(self._assets).values())
        return self.async_show_form(
            step_id="no_vehicles",
            data_schema=vol.Schema({}),
            description_placeholders={"account": end_of(self.unique_id), "sites": sites or "—"},
        )

    async def async_step_look(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer to read the cars now; those that sleep would have to be woken."""
        if user_input is not None:
            return self._create(user_input.get(CONF_LOOK, ()))
        texts = await async_option_texts(self.hass, "first_look")
        ledger = await async_get_ledger(self.hass, self._client_id)
        options, awake, unreachable = [], [], []
        names = distinct_names(self._vehicles)
        for vin, product in self._vehicles.items():
            name = names[vin]
            if product.get("state") == "offline":
                unreachable.append(name)
                continue
            is_awake = product.get("state") == "online"
            if is_awake:
                awake.append(vin)
            price = price_of_look(self.hass, ledger.meter.tariff, is_awake=is_awake)
            label = texts["awake" if is_awake else "asleep"].format(name=name, price=price)
            options.append(SelectOptionDict(value=vin, label=label))
        selector = SelectSelector(
            SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
        )
        self._awake = awake
        note = texts["offline"].format(names=", ".join(unreachable)) if unreachable else ""
        return self.async_show_form(
            step_id="look",
            data_schema=vol.Schema(
                {vol.Optional(CONF_LOOK, default=awake): selector} if options else {}
            ),
            description_placeholders={"unreachable": note},
        )

    def _create(self, look: Iterable[str] = ()) -> ConfigFlowResult:
        """Make the entry; its setup reads the chosen cars."""
        chosen = {vin: vin not in self._awake for vin in look}
        async_note_first_look(self.hass, str(self.unique_id), chosen)
        assets = self._vehicles or self._assets
        names = [product_name(asset, product) for asset, product in assets.items()]
        title = async_distinct_title(self.hass, self.unique_id, names)
        return self.async_create_entry(title=title, data=self._data)
