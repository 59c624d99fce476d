// Fills the instruments of a lesson: each element with data-instrument="name" gets the module that has its name.

const NAMES = ["broadcasting", "views", "descent", "graph", "hinges"];

for (const host of document.querySelectorAll("[data-instrument]")) {
  const name = host.dataset.instrument;
  if (!NAMES.includes(name)) continue;
  const { mount } = await import(`./${name}.js`);
  await mount(host);
  host.dataset.ready = "yes";
}
