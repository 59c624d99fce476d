// A net that `torchtour eject --format json` has written.

// {units, weights} of its text. Throws an Error with a line for the reader where it is none, or one for other data.
export function opened(text, most) {
  let net;
  try {
    net = JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON. torchtour eject --format json writes net.json.");
  }
  const { sizes, activation, weights } = net ?? {};
  if (net?.format !== "torchtour net 1" || !Array.isArray(sizes) || sizes.length !== 3 || activation !== "relu" || !weights)
    throw new Error("This file holds no net of torchtour. torchtour eject --format json writes net.json.");
  const [inputs, units, outputs] = sizes;
  if (inputs !== 2 || outputs !== 2) throw new Error(`This net has ${inputs} features and ${outputs} classes; the plane needs 2 and 2.`);
  if (!Number.isInteger(units) || units < 1 || units > most) throw new Error(`This net has ${units} hidden units; the playground takes 1 to ${most}.`);
  const names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
  const flat = names.flatMap((name) => [weights[name]].flat(2));
  if (flat.length !== 5 * units + 2 || !flat.every(Number.isFinite)) throw new Error("The weights in this file do not fit its sizes.");
  return { units, weights: Float64Array.from(flat) };
}
