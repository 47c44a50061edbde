"""Where maps stand on a figure: as large as their labels, bars and lines below let them be."""

from dataclasses import dataclass

from ocean_plotting.figure.picture import Sizes

ARRANGED = {1: ((1, 1),), 3: ((1, 3), (3, 1), (2, 2))}  # rows and columns, by the number of maps
HEADER, FOOTER = 4.4, 1.7  # heights of a title and of a credit of one line, in sizes of the text
# Around a map, in sizes of the text: tick labels on the left; a bar, its numbers and its name on the right.
LEFT, RIGHT, BELOW, ABOVE = 5.2, 8.2, 1.9, 1.1
LINE = 1.45  # of statistics
NAMED = 1.5  # a map's own title
KEY, EXPLAINED = 2.4, 4.6  # a row at the bottom for an arrow; for a second bar or a legend
TICKED, TICK = 0.15, 0.07  # inches
SMALLEST = 0.3  # inches: below it nothing can be seen anyway


@dataclass(frozen=True, kw_only=True)
class Room:
    """A rectangle on a figure, inches from its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height

    def inner(self, aspect: float) -> "Room":
        """The largest rectangle of this aspect in its middle."""
        width, height = min(self.width, aspect * self.height), min(self.height, self.width / aspect)
        x, y = self.x + (self.width - width) / 2, self.y + (self.height - height) / 2
        return Room(x=x, y=y, width=width, height=height)

    def of(self, size: tuple[float, float]) -> tuple[float, float, float, float]:
        """Left, bottom, width and height in shares of a figure."""
        return self.x / size[0], self.y / size[1], self.width / size[0], self.height / size[1]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What stands on a figure beside its maps."""

    width: float  # inches
    height: float
    maps: int
    lines: int = 1  # of statistics, below each map
    extra: float = 0.3  # sizes of the text: a row at the bottom

    @property
    def em(self) -> float:
        """Size of the text, inches."""
        return Sizes.on(self.width, self.height).body / 72

    @property
    def row(self) -> float:
        """Height of the row at the bottom, inches: a bar and its ticks are of a size on any figure."""
        return self.extra * self.em + (TICKED if self.extra >= EXPLAINED else 0.0)

    def vertical(self) -> tuple[float, float]:
        """Where the credit ends and the title begins, inches, each being one line."""
        return FOOTER * self.em, self.height - HEADER * self.em

    def rooms(self, grid: tuple[int, int], vertical: tuple[float, float] | None = None) -> list[Room]:
        """Where the maps stand, in rows and columns from the upper left."""
        bottom, top = vertical or self.vertical()
        bottom += self.row
        rows, columns = grid
        across, up = self.width / columns, (top - bottom) / rows
        above = (ABOVE + (NAMED if self.maps > 1 else 0.0)) * self.em + TICK
        below = (BELOW + LINE * self.lines) * self.em
        # A map alone in its row stands in the middle.
        alone = (self.maps - 1) // columns if self.maps % columns == 1 and columns > 1 else rows
        return [
            Room(
                x=(column + 0.5 * (row == alone)) * across + LEFT * self.em,
                y=bottom + (rows - 1 - row) * up + below,
                width=max(across - (LEFT + RIGHT) * self.em, SMALLEST),
                height=max(up - above - below, SMALLEST),
            )
            for row in range(rows)
            for column in range(columns)
        ][: self.maps]

    def best(self, aspect: float) -> tuple[int, int]:
        """Rows and columns in which maps of an aspect are largest."""
        return max(ARRANGED[self.maps], key=lambda grid: self.rooms(grid)[0].inner(aspect).width)

    def below(self, vertical: tuple[float, float], room: Room) -> list[Room]:
        """The two halves of the row at the bottom; of a map alone, right below its ``room``."""
        half = self.width / 2
        free = room.y - (BELOW + LINE * self.lines) * self.em - self.row
        return [
            Room(
                x=number * half + LEFT * self.em,
                y=max(vertical[0], free) if self.maps == 1 else vertical[0],
                width=max(half - 1.5 * LEFT * self.em, SMALLEST),
                height=self.row,
            )
            for number in range(2)
        ]
