"""The simulator's pages for people."""

from html import escape

from aiohttp import web

from simulator.accounts import User

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .3rem; }
small, .quiet { opacity: .7; }
label { display: block; margin: .2rem 0; }
button { font: inherit; padding: .35rem .9rem; margin: .15rem .2rem .15rem 0; border-radius: .5rem;
  border: 1px solid #8886; background: #8882; cursor: pointer; }
button.primary { background: #3457d5; border-color: #3457d5; color: white; }
table { border-collapse: collapse; } td, th { padding: .1rem .9rem .1rem 0; text-align: left; }
pre { overflow: auto; background: #8881; padding: .6rem; border-radius: .5rem; }
"""

SCOPE_NAMES = {
    "user_data": "Profile information",
    "vehicle_device_data": "Vehicle information",
    "vehicle_location": "Vehicle location",
    "vehicle_cmds": "Vehicle commands",
    "vehicle_charging_cmds": "Vehicle charging management",
    "energy_device_data": "Energy product information",
    "energy_cmds": "Energy product settings",
}
"""The names of scopes on Tesla's consent page. Source: Tesla, "Authentication", August 2026."""


def respond(page: str, status: int = 200) -> web.Response:
    """A page as an answer."""
    return web.Response(text=page, status=status, content_type="text/html")


def page(title: str, body: str, script: str = "") -> str:
    """A whole page around a body."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        '<link rel=icon href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1>{body}"
        + (f"<script>{script}</script>" if script else "")
        + "</html>"
    )


def message(title: str, text: str) -> str:
    """A page with only a message."""
    return page(title, f"<p>{escape(text)}</p>")


def _choice(users: list[User], name: str) -> str:
    options = "".join(
        f'<option value="{escape(user.name)}">{escape(user.full_name)} ({escape(user.email)})'
        for user in users
    )
    return f'<label>Tesla account <select name="{name}">{options}</select></label>'


def authorize(
    action: str,
    *,
    application: str,
    users: list[User],
    scopes: list[str],
    requires_all: bool,
) -> str:
    """Ask which user agrees to which scopes."""
    fixed = " onclick='return false'" if requires_all else ""
    boxes = "".join(
        f'<label><input type=checkbox name=scope value="{escape(scope)}" checked{fixed}> '
        f"{escape(SCOPE_NAMES.get(scope, scope))} <small>{escape(scope)}</small></label>"
        for scope in scopes
    )
    return page(
        f"{application} wants access",
        f'<form method=post action="{escape(action)}"><input type=hidden name=ticks value=1>'
        f"{_choice(users, 'simulator_allow')}<h2>It may use</h2>{boxes}<p>"
        "<button class=primary>Allow</button> "
        "<button name=simulator_deny value=1>Deny</button></p></form>"
        "<p class=quiet>This is a simulated Tesla. No password is needed.</p>",
    )


def revoke(action: str, application: str, users: list[User]) -> str:
    """Ask which user withdraws the consent."""
    return page(
        f"Remove the access of {application}",
        f'<form method=post action="{escape(action)}">{_choice(users, "user")}'
        "<p><button class=primary>Remove access</button></p></form>",
    )


def pair(action: str, application: str, cars: list[tuple[str, str]]) -> str:
    """Ask which car gets the application's key; `cars` are VIN and text."""
    buttons = "".join(
        f'<p><button class=primary name=vin value="{escape(vin)}">Pair</button> {escape(text)}</p>'
        for vin, text in cars
    )
    return page(
        f"Add the key of {application}",
        "<p>The application will be able to send commands to the car.</p>"
        f'<form method=post action="{escape(action)}">{buttons}</form>'
        "<p class=quiet>In real life this opens in the Tesla app on a phone.</p>",
    )
