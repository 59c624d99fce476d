// Plays RECORDING, a training that was recorded while the site was built, in place of the still on the start page.
(() => {
  const figure = document.getElementById("recording"), stage = figure?.querySelector(".stage");
  if (!stage || typeof RECORDING === "undefined") return;
  const { side, reach, steepest, epochs, marks, points } = RECORDING;
  const last = marks.length - 1, SECONDS = 11, REST = 2.5;  // of one showing, and of its last frame
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let frames, at = calm ? last : 0, playing = !calm, seen = true, before = null, rest = 0, asked = 0;

  const make = (name, attributes) => Object.assign(document.createElement(name), attributes);
  const canvas = make("canvas");
  const button = make("button", { type: "button" });
  const slider = make("input", { type: "range", min: 0, max: last, step: "any", value: at });
  const text = make("span", { className: "reading" });
  const controls = make("div", { className: "controls" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", stage.querySelector("img").alt);
  slider.setAttribute("aria-label", "how far the training is");
  controls.append(button, slider, text);
  stage.append(canvas, controls);

  const hex = (name) => {
    const value = getComputedStyle(figure).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(value.slice(i, i + 2), 16));
  };
  const rgb = (colour) => `rgb(${colour.join()})`;

  // The logit in each pixel, between the cells of two frames, [width * width].
  function field(width) {
    const first = Math.min(Math.floor(at), last), second = Math.min(first + 1, last), part = at - first;
    const now = new Float32Array(side * side), found = new Float32Array(width * width);
    for (let i = 0; i < side * side; i++) {
      const logit = (frame) => (frames[frame * side * side + i] / 127.5 - 1) * steepest[frame];
      now[i] = logit(first) * (1 - part) + logit(second) * part;
    }
    const place = Array.from({ length: width }, (_, i) => {
      const cell = Math.min(Math.max((i + 0.5) / width * side - 0.5, 0), side - 1.001);
      return [Math.floor(cell), cell - Math.floor(cell)];
    });
    for (let y = 0; y < width; y++) {
      const [row, down] = place[y];
      for (let x = 0; x < width; x++) {
        const [column, right] = place[x], i = row * side + column;
        const upper = now[i] + (now[i + 1] - now[i]) * right;
        const lower = now[i + side] + (now[i + side + 1] - now[i + side]) * right;
        found[y * width + x] = upper + (lower - upper) * down;
      }
    }
    return found;
  }

  function shade(context, width) {
    const logits = field(width), image = context.createImageData(width, width), data = image.data;
    const ends = [hex("--class-0"), hex("--class-1")], page = hex("--middle"), ink = hex("--ink");
    const line = canvas.width / canvas.clientWidth * 1.1;
    for (let y = 0; y < width; y++) for (let x = 0; x < width; x++) {
      const i = y * width + x, z = logits[i];
      const dx = logits[x + 1 < width ? i + 1 : i - 1] - z, dy = logits[y + 1 < width ? i + width : i - width] - z;
      const far = Math.abs(z) / (Math.hypot(dx, dy) + 1e-6);  // pixels to where the logit is zero
      const drawn = Math.min(Math.max(line + 0.5 - far, 0), 1);
      const end = ends[z > 0 ? 1 : 0], sure = 0.62 * Math.abs(2 / (1 + Math.exp(-z)) - 1);
      for (let c = 0; c < 3; c++) {
        const colour = page[c] + (end[c] - page[c]) * sure;
        data[4 * i + c] = colour + (ink[c] - colour) * drawn;
      }
      data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  function draw() {
    const width = Math.min(Math.round(canvas.clientWidth * Math.min(devicePixelRatio, 2)), 800);
    if (!frames || !width) return;
    if (canvas.width !== width) canvas.width = canvas.height = width;
    const context = canvas.getContext("2d"), scale = width / (2 * reach), size = 0.0078 * width;
    shade(context, width);
    context.lineWidth = size / 4;
    context.strokeStyle = rgb(hex("--middle"));
    const colours = [rgb(hex("--class-0")), rgb(hex("--class-1"))];
    for (const [x1, x2, label] of points) {
      const x = (x1 + reach) * scale, y = (reach - x2) * scale;
      context.beginPath();
      if (label) [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]].forEach(([a, b]) => context.lineTo(x + a * size, y + b * size));
      else context.arc(x, y, size, 0, 7);
      context.closePath();
      context.fillStyle = colours[label];
      context.fill();
      context.stroke();
    }
    const [epoch, right] = marks[Math.round(at)];
    text.textContent = `epoch ${Math.floor(epoch)} of ${epochs}: ${Math.round(100 * right)} % right`;
    slider.value = at;
    slider.setAttribute("aria-valuetext", text.textContent);
  }

  function show() {
    button.textContent = playing ? "Pause" : "Play";
    ask();
  }

  const ask = () => { if (playing && !asked) asked = requestAnimationFrame(step); };

  function step(time) {
    asked = 0;
    if (!playing || !seen || document.hidden) { before = null; return; }
    const passed = before === null ? 0 : Math.min((time - before) / 1000, 0.1);
    before = time;
    if (at < last) at = Math.min(at + passed * last / SECONDS, last);
    else if ((rest += passed) > REST) at = rest = 0;
    draw();
    ask();
  }

  button.addEventListener("click", () => {
    playing = !playing;
    if (playing && at >= last) at = 0;
    before = null;
    show();
  });
  slider.addEventListener("input", () => { playing = false; at = Number(slider.value); show(); draw(); });
  document.addEventListener("visibilitychange", ask);
  new IntersectionObserver((entries) => { seen = entries.at(-1).isIntersecting; ask(); }).observe(canvas); // the newest counts
  new ResizeObserver(draw).observe(canvas);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });

  const picture = new Image();
  picture.onload = () => {
    const sheet = make("canvas", { width: picture.width, height: picture.height });
    const context = sheet.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    frames = context.getImageData(0, 0, picture.width, picture.height).data.filter((_, i) => i % 4 === 0);
    stage.classList.add("moves");
    draw();
    show();
  };
  picture.src = RECORDING.frames;
})();
