// The receptive field: which pixels of the picture a unit sees, from what each layer sees of the one before.
//
// A region is {rows: [first, last], columns: [first, last]}, both ends included.

/** The region of the picture, whose layers' fields are `fields` (first layer first), that unit `unit` of the last sees.
 *
 * `shapes` has one shape more than there are fields: the picture's own comes first, which may be that of a vector.
 */
export function receptiveField(fields, shapes, unit) {
  let place = regionOf(unit, shapes[shapes.length - 1]);
  for (let index = fields.length - 1; index >= 0; index--) {
    place = before(fields[index], index === 0 ? PICTURE : shapes[index], place);
  }
  if (place.units) place = place.units[0] === place.units[1] ? regionOf(place.units[0], PICTURE) : whole(PICTURE);
  return { rows: place.rows, columns: place.columns };
}

const PICTURE = [28, 28, 1];

/** What is seen of the layer before, whose shape is `shape`. A place is a region, or {units: [first, last]} of a vector. */
function before(field, shape, place) {
  if (field.see === "unit") return place;
  if (field.see === "place") return reshaped(place, shape);
  if (field.see === "window" && place.rows) {
    return {
      rows: span(place.rows, shape[0], field.size[0], field.strides[0], field.before[0]),
      columns: span(place.columns, shape[1], field.size[1], field.strides[1], field.before[1]),
      shape,
    };
  }
  return whole(shape);
}

function span([first, last], length, size, stride, outside) {
  const low = first * stride - outside;
  const high = last * stride - outside + size - 1;
  return [Math.min(Math.max(low, 0), length - 1), Math.max(Math.min(high, length - 1), 0)];
}

/** Places in another shape: one unit keeps its number; a region keeps its pixels, if they are the same ones. */
function reshaped({ units, rows, columns, shape: own }, shape) {
  if (units && units[0] === units[1]) return regionOf(units[0], shape);
  if (rows && own && shape.length > 1 && shape[0] === own[0] && shape[1] === own[1]) return { rows, columns, shape };
  return whole(shape);
}

/** Where the unit with this number stands in an array of this shape. */
export function regionOf(unit, shape) {
  if (shape.length < 2) return { units: [unit, unit] };
  const channels = shape.length === 3 ? shape[2] : 1;
  const pixel = Math.floor(unit / channels);
  const [row, column] = [Math.floor(pixel / shape[1]), pixel % shape[1]];
  return { rows: [row, row], columns: [column, column], shape };
}

function whole(shape) {
  if (shape.length < 2) return { units: [0, shape[0] - 1] };
  return { rows: [0, shape[0] - 1], columns: [0, shape[1] - 1], shape };
}
