// A small playground for any page: mount(element, {address: "#problem=spiral&units=20", speed: "10", play: true, epochs: 200,
// link: "playground.html"}). With `epochs` it stops there.

import { button, element, onRepaint, steady } from "./controls.js";
import { Picture, reachOf } from "./drawing.js";
import { Player } from "./player.js";
import { fromAddress } from "./settings.js";
import { picture as inWords, progress } from "./words.js";

// Returns the player, once it stands. It plays by itself only with `play`, and never for a reader who wants less motion.
export async function mount(host, options = {}) {
  const { address = "#problem=spiral&units=20", speed = "10", play = false, link = null, epochs = Infinity } = options;
  const canvas = element("canvas", { class: "play-canvas", role: "img", "aria-label": "A net in training" });
  const picture = new Picture(canvas);
  const readout = element("p", { class: "play-readout" });
  const player = new Player(listen);
  player.speed = speed;
  const toggle = button("Play", () => (player.playing ? player.pause() : player.play()), { class: "play-main" });
  const bar = element("div", { class: "play-bar" }, toggle, button("Start again", () => player.reset()));
  if (link) bar.append(element("a", { href: link + address }, "Open in the playground"));

  function draw() {
    const { training } = player;
    if (!training) return;
    picture.draw(training, { reach: reachOf(training.points) });
    readout.textContent = progress(training);
    toggle.textContent = player.playing ? "Pause" : "Play";
    if (!player.playing) canvas.setAttribute("aria-label", inWords(training, reachOf(training.points)));
  }

  function listen(event) {
    if (event === "epoch") return void (player.training.epochs >= epochs && player.pause());
    draw();
  }

  host.replaceChildren(canvas, bar, readout);
  host.classList.add("play-panel");
  await player.start(fromAddress(address).settings);
  onRepaint(canvas, () => {
    picture.repaint();
    draw();
  });
  // Only what is on the screen moves.
  if (play && !steady())
    new IntersectionObserver((entries, observer) => {
      if (!entries.at(-1).isIntersecting) return;
      observer.disconnect();
      player.play();
    }).observe(canvas);
  return player;
}
