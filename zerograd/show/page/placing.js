// Where labels of the picture find room: beside their bar or point, clear of everything else that is drawn.
"use strict";

window.zerograd.placing = (() => {
  const HEIGHT = 15; // of a line of text, in the picture's units
  const ON_LABEL = 1000; // costs: of standing on text, or where none may stand
  const ON_MARK = 100; // on a bar or a point
  const ON_CURVE = 10;

  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  /** Whether the segment between two points meets a box (Liang and Barsky's clipping). */
  function crosses(box, [x0, y0], [x1, y1]) {
    let enter = 0;
    let leave = 1;
    const sides = [
      [x0 - x1, x0 - box.left], [x1 - x0, box.right - x0], [y0 - y1, y0 - box.top], [y1 - y0, box.bottom - y0],
    ];
    for (const [direction, distance] of sides) {
      if (direction === 0 && distance < 0) return false;
      if (direction < 0) enter = Math.max(enter, distance / direction);
      if (direction > 0) leave = Math.min(leave, distance / direction);
    }
    return enter <= leave;
  }

  const meets = (box, line) => line.some((end, i) => i > 0 && crosses(box, line[i - 1], end));

  /** The box of a text of a given width: `x` is its start, middle or end, by `anchor`, and `y` its middle. */
  function boxAt({ x, y, anchor }, width) {
    const left = anchor === "end" ? x - width : anchor === "middle" ? x - width / 2 : x;
    return { left, right: left + width, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 };
  }

  function costOf(box, { room, marks, labels, curve }) {
    const outside =
      box.left < room.left || box.right > room.right || box.top < room.top || box.bottom > room.bottom;
    const taken = labels.filter((label) => overlap(box, label)).length + (outside ? 1 : 0);
    const struck = marks.filter((mark) => overlap(box, mark)).length;
    return ON_LABEL * taken + ON_MARK * struck + (meets(box, curve) ? ON_CURVE : 0);
  }

  /**
   * The first of some places that is free, or the one that costs least; where it stood before, if that is as good.
   * null where every place is on other text, a bar or a point.
   */
  function choose(places, width, scene, before) {
    let best = null;
    const order = before === null ? places.keys() : [before, ...places.keys()];
    for (const index of order) {
      const box = boxAt(places[index], width);
      const cost = costOf(box, scene);
      if (!best || cost < best.cost) best = { index, place: places[index], box, cost };
      if (cost === 0) break;
    }
    return best.cost < ON_MARK ? best : null;
  }

  /** Places for what a bar says: right and left of it, from its middle outwards, and beyond its ends. */
  function besideBar(at, from, to) {
    const beside = [0.5, 0.3, 0.7, 0.1, 0.9].flatMap((share) => {
      const y = from + share * (to - from);
      return [{ x: at + 9, y, anchor: "start" }, { x: at - 9, y, anchor: "end" }];
    });
    const away = Math.sign(to - from) || 1;
    const beyond = [
      [(from + to) / 2, 13], [0.75 * from + 0.25 * to, 13], [from + 3 * away, 13],
      [to + 12 * away, 0], [from - 19 * away, 0], [to + 12 * away, 10], [from - 19 * away, 10], [from, 13],
      [(from + to) / 2 - 20, 12], [(from + to) / 2 + 20, 12],
    ].flatMap(([y, aside]) =>
      aside === 0
        ? [{ x: at, y, anchor: "middle" }]
        : [{ x: at + aside, y, anchor: "start" }, { x: at - aside, y, anchor: "end" }],
    );
    return [...beside, ...beyond];
  }

  /** Places for the number of a point, first those away from its bar, which goes `down` or up. */
  function besidePoint(x, y, down) {
    const away = down ? -12 : 12;
    return [
      [12, away, "start"], [-12, away, "end"], [14, 0, "start"], [-14, 0, "end"], [0, 1.6 * away, "middle"],
      [12, -away, "start"], [-12, -away, "end"], [0, -1.6 * away, "middle"],
    ].map(([dx, dy, anchor]) => ({ x: x + dx, y: y + dy, anchor }));
  }

  return { choose, besideBar, besidePoint };
})();
