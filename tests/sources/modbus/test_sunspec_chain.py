"""SunSpec's chains that are broken, that lie, or are none: what is good of them counts, and the discovery ends."""

from collections.abc import Mapping, Sequence

import pytest

from custom_components.sunfuse.sources.modbus import sunspec_models
from custom_components.sunfuse.sources.modbus.registers import (
    Failure,
    RegisterTable,
    RequestError,
)
from custom_components.sunfuse.sources.modbus.sunspec import discover

from .chains import (
    AT_THE_GRID,
    DER,
    END,
    INVERTER,
    METER,
    METER_OF_SOLAREDGE,
    OF_THE_INVERTER,
    OF_THE_METER,
    REFERENCE,
    chain,
    common,
    found,
    model,
    reading,
    values,
)

NOTHING: list[Sequence[Sequence[int]]] = [
    # No model behind the mark, an end at once, no common model, and nothing of use.
    [],
    [END],
    [model(203, METER), END],
    [common("Fronius"), END],
    [common("Fronius"), [120, 26, *[0] * 26], END],
    # Lengths that lead beyond the last address, or that leave out every value.
    [common("Fronius"), [203, 40000, *[0] * 120]],
    [common("Fronius"), [203, 0xFFFF, *[0] * 120]],
    [common("Fronius"), [203, 0], END],
    [common("Fronius"), [203, 4, *[0] * 4], END],
    [common("Fronius"), [160, 8, 0, 0, 0, 0, 0, 0, 9999, 0], END],
    [common("Fronius"), [714, 18, 0, 0, 0xFFF0, *[0] * 15], END],
    # Zeros, as from a device that answers every address.
    [[0] * 200],
    # The common model of all begins with its own id, and is too short for a name.
    [[1, 0], END],
    [[1, 0] * 150],
]


@pytest.mark.parametrize("models", NOTHING, ids=range(len(NOTHING)))
async def test_nothing_of_use(models: Sequence[Sequence[int]]) -> None:
    """There is no device then, and the discovery ends."""
    assert await discover(reading(chain(*models))) is None


@pytest.mark.parametrize("word", [0, 0xFFFF, 0x5375, 1])
async def test_a_device_that_says_the_same_everywhere(word: int) -> None:
    """It has no mark."""
    image = {(RegisterTable.HOLDING, address): word for address in range(0x10000)}
    assert await discover(reading(image)) is None


async def test_a_chain_without_an_end() -> None:
    """What was found counts, where the device refuses what should be the next model."""
    assert await values(common("Fronius"), model(203, METER)) == pytest.approx(
        OF_THE_METER
    )


async def test_a_chain_that_does_not_end() -> None:
    """A device that counts on for ever is left after some models, long before the last address."""
    log: list[tuple[int, int]] = []
    image = chain(common("Fronius"), model(203, METER), *[[64002, 1, 0]] * 5000)
    device = await discover(reading(image, log))
    assert device
    assert len(log) < 120


async def test_a_model_that_is_cut_short() -> None:
    """The points within its length are read, those beyond are another model's registers."""
    whole = model(203, METER)
    cut = [203, 30, *whole[2:32]]
    said = await values(common("Maker"), cut, [64001, 80, *[1] * 80], END)
    assert said == pytest.approx(
        {q: v for q, v in OF_THE_METER.items() if not q.startswith("energy")}
    )


async def test_an_inverter_that_is_cut_short_of_its_power() -> None:
    """It has currents and no power that could lend them a sign."""
    cut = [103, 12, *model(103, INVERTER)[2:14]]
    said = await values(common("Maker"), cut, END)
    assert said == pytest.approx(
        {q: v for q, v in OF_THE_INVERTER.items() if q.startswith(("current", "volt"))}
    )


async def test_models_of_a_battery_that_are_cut_short() -> None:
    """What is left of them is not read from the registers behind; a battery of which nothing is left is none."""
    other = [64001, 80, *[1] * 80]
    inverter = model(103, INVERTER)
    for number, values_of, length in (
        (802, {"SoC": 48, "W": 1200}, 8),
        (713, {"WHRtg": 100, "SoC": 50}, 1),
        (124, {"ChaState": 50}, 4),
    ):
        cut = [number, length, *model(number, values_of, {"WHRtg": 2})[2 : length + 2]]
        said = await values(common("Maker"), inverter, cut, other, END)
        assert said == pytest.approx(OF_THE_INVERTER)


async def test_a_model_with_a_wrong_length() -> None:
    """Firmware adds registers at the end; the next model is where the length says."""
    whole = model(103, INVERTER)
    longer = [103, 60, *whole[2:], *[0] * 10]
    said = await values(
        common("SolarEdge"), longer, model(203, METER_OF_SOLAREDGE), END
    )
    assert said == pytest.approx(OF_THE_INVERTER | AT_THE_GRID)


@pytest.mark.parametrize("exponent", [11, -11, 100, -0x8000])
async def test_an_exponent_that_cannot_be(exponent: int) -> None:
    """The value is not known then, and the others are."""
    content = model(203, METER)
    content[REFERENCE["203"]["W"]["scale"]] = exponent & 0xFFFF
    said = await values(common("Maker"), content, END)
    assert said["power"] is None
    assert said["voltage_l1"] == 230


async def test_an_exponent_that_changes() -> None:
    """SolarEdge's exponents are other ones from reading to reading; each value goes with its own."""
    image = chain(common("Maker"), model(203, METER), END)
    device = await found(image)
    later = chain(common("Maker"), model(203, METER, {"W": 1}), END)
    assert {str(q): v for q, v in device.values(later).items()}[
        "power_l1"
    ] == pytest.approx(2300)


@pytest.mark.parametrize(
    ("number", "known"),
    [(113, INVERTER), (203, METER), (213, METER), (701, DER)],
)
async def test_values_that_go_away_are_not_known(
    number: int, known: Mapping[str, float]
) -> None:
    """What was there at the discovery and is not implemented later is nothing, not 65535; of an inverter it is no power."""
    device = await found(chain(common("Maker"), model(number, known), END))
    later = chain(common("Maker"), model(number), END)
    said = {str(q): v for q, v in device.values(later).items() if v is not None}
    inverter = number in sunspec_models.INVERTERS
    assert said == ({"power": 0, "solar_power": 0} if inverter else {})


async def test_content_that_is_refused() -> None:
    """Of a device that gives the heads of its models alone, nothing optional is believed, and all else is unknown."""
    image = chain(common("Maker"), model(203, METER), END)
    start = 40002 + 68
    gappy = {
        key: word
        for key, word in image.items()
        if not start + 2 <= key[1] < start + 107
    }
    device = await discover(reading(gappy))
    assert device
    assert all(value is None for value in device.values(gappy).values())


@pytest.mark.parametrize("failure", [Failure.BUSY, Failure.BROKEN_ANSWER])
async def test_a_base_that_does_not_answer_well(failure: Failure) -> None:
    """The device may have its chain elsewhere."""
    image = chain(common("Maker"), model(203, METER), END, base=50000)
    good = reading(image)

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        if address == 40000:
            raise RequestError(failure)
        return await good(table, address, count)

    assert await discover(read)


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_answers_of_another_length(count: int) -> None:
    """They are none."""

    async def read(table: RegisterTable, address: int, wanted: int) -> tuple[int, ...]:
        return (0x5375, 0x6E53, 1)[:count]

    assert await discover(read) is None


@pytest.mark.parametrize(
    "failure", [Failure.NO_ANSWER, Failure.NOT_CONNECTED, Failure.GATEWAY]
)
async def test_a_device_that_is_not_there(failure: Failure) -> None:
    """A scan fails at once, without waiting for every address."""
    asked = []

    async def read(table: RegisterTable, address: int, count: int) -> tuple[int, ...]:
        asked.append(address)
        raise RequestError(failure)

    with pytest.raises(RequestError) as err:
        await discover(read)
    assert err.value.failure is failure
    assert len(asked) == 1
