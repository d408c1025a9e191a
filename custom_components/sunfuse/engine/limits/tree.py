"""The tree of circuits."""

from collections.abc import Iterable

from ..model import Circuit, Connector


class Tree:
    """Circuits by id, with the path from each to the root, in an order that does not depend on the input's."""

    def __init__(self, circuits: Iterable[Circuit]) -> None:
        """Check that the circuits are one tree.

        Raises:
            ValueError: there is not exactly one root, a parent is missing, or a circuit is below itself.

        """
        self.circuits = {c.id: c for c in sorted(circuits, key=lambda c: c.id)}
        roots = [c.id for c in self.circuits.values() if c.parent is None]
        if len(roots) != 1:
            raise ValueError(f"A site has one main circuit, not {len(roots)}")
        self.root = roots[0]
        self.paths = {circuit: self._path(circuit) for circuit in self.circuits}

    def _path(self, circuit: str) -> tuple[str, ...]:
        path: list[str] = []
        at: str | None = circuit
        while at is not None:
            if at in path:
                raise ValueError(f"Circuit {at} is below itself")
            if at not in self.circuits:
                raise ValueError(f"There is no circuit {at}")
            path.append(at)
            at = self.circuits[at].parent
        return tuple(path)

    def path(self, connector: Connector) -> tuple[str, ...]:
        """Return the circuits that carry a connector, up to the root.

        Raises:
            ValueError: its circuit does not exist.

        """
        if connector.circuit not in self.paths:
            raise ValueError(f"There is no circuit {connector.circuit}")
        return self.paths[connector.circuit]

    def below(self, connectors: Iterable[Connector]) -> dict[str, list[Connector]]:
        """Return the connectors that each circuit carries."""
        below: dict[str, list[Connector]] = {circuit: [] for circuit in self.circuits}
        for connector in connectors:
            for circuit in self.path(connector):
                below[circuit].append(connector)
        return below

    def children(self, parent: str) -> list[str]:
        """Return the circuits directly below a circuit."""
        return [c.id for c in self.circuits.values() if c.parent == parent]

    def upwards(self) -> list[str]:
        """Return all circuits, each after those below it."""
        return sorted(self.circuits, key=lambda c: (-len(self.paths[c]), c))
