// Pictures side by side, or one over the other, that zoom and move in step. What comes from people and
// models is put in as text only. Where the view is: `scale` from 1, at which a picture fits its frame, and
// `x` and `y`, by how many frames it is moved; so it stays right when the frames change their size.

const STEP = 1.25;
const MOST = 16;
const SHIFT = 0.1;
const NEAR_PX = 24;
const LINE_PX = 16;
const ASK_AGAIN_MS = 15_000;

const viewers = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer");
  let viewer = viewers.get(parentElement);
  if (!viewer || viewer.root !== root) {
    viewer?.close();
    viewer = new Viewer(root);
    viewers.set(parentElement, viewer);
  }
  viewer.show(data);
  return () => {
    viewer.close();
    viewers.delete(parentElement);
  };
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.range = root.querySelector("input");
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.shown = "";
    this.pointers = new Map();
    this.draggedLine = false;
    this.listening = new AbortController();
    this.listen();
  }

  close() {
    this.listening.abort();
  }

  listen() {
    const on = (target, name, act, more = {}) =>
      target.addEventListener(name, act, { signal: this.listening.signal, ...more });
    on(this.root.querySelector(".in"), "click", () => this.zoom(STEP, 0.5, 0.5));
    on(this.root.querySelector(".out"), "click", () => this.zoom(1 / STEP, 0.5, 0.5));
    on(this.root.querySelector(".reset"), "click", () => this.reset());
    on(this.range, "input", () => this.apply());
    on(this.stage, "keydown", (event) => this.press(event));
    on(this.stage, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.stage, "pointerdown", (event) => this.grab(event));
    on(this.stage, "pointermove", (event) => this.drag(event));
    on(this.stage, "pointerup", (event) => this.release(event));
    on(this.stage, "pointercancel", (event) => this.release(event));
    on(this.stage, "dblclick", (event) => {
      const at = this.place(event);
      if (at) this.zoom(2, at.x, at.y);
    });
  }

  show({ mode, shape, pictures }) {
    const shown = JSON.stringify([mode, pictures.map((picture) => picture.id)]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.mode = mode;
      this.root.classList.toggle("slider", mode === "slider");
      this.build(pictures);
    }
    this.stage.style.setProperty("--shape", shape);
    // A link is renewed now and then; the view stays.
    pictures.forEach((picture, index) => this.fill(this.tiles[index], picture));
    this.apply();
  }

  build(pictures) {
    const slider = this.mode === "slider";
    const count = slider ? 1 : pictures.length;
    this.stage.style.setProperty("--columns", count === 4 ? 2 : Math.min(count, 3));
    this.stage.setAttribute(
      "aria-label",
      slider
        ? `${pictures.map((picture) => picture.name).join(" over ")}, zoomed together`
        : `${count} pictures side by side, zoomed together`,
    );
    this.tiles = pictures.map(() => {
      const tile = { layer: make("div", "layer"), image: make("img"), problem: make("p", "problem") };
      tile.image.draggable = false;
      tile.image.onload = () => this.tell(tile, "");
      tile.image.onerror = () => {
        this.tell(tile, "Picture can't be loaded just now");
        setTimeout(() => this.askAgain(tile), ASK_AGAIN_MS);
      };
      tile.layer.append(tile.image, tile.problem);
      return tile;
    });
    this.stage.replaceChildren(...(slider ? [this.overlay(pictures)] : this.sideBySide(pictures)));
  }

  sideBySide(pictures) {
    return pictures.map((picture, index) => {
      const figure = make("figure"), frame = make("div", "frame"), caption = make("figcaption");
      caption.textContent = picture.name;
      frame.append(this.tiles[index].layer);
      figure.append(frame, caption);
      return figure;
    });
  }

  overlay(pictures) {
    const [first, second] = this.tiles;
    const frame = make("div", "frame");
    this.line = make("div", "line");
    // The first lies on top and is cut off at the line.
    frame.append(second.layer, first.layer, this.line);
    this.root.querySelector(".left").textContent = pictures[0].name;
    this.root.querySelector(".right").textContent = pictures[1].name;
    this.range.setAttribute("aria-label", `How much of ${pictures[0].name} is shown`);
    return frame;
  }

  fill(tile, picture) {
    tile.image.alt = picture.alt;
    if (!picture.src) {
      tile.image.removeAttribute("src");
      this.tell(tile, "This picture can't be read.");
    } else if (tile.image.getAttribute("src") !== picture.src) {
      tile.image.src = picture.src;
      this.tell(tile, "");
    }
  }

  askAgain(tile) {
    const source = tile.image.getAttribute("src");
    const waiting = tile.image.hidden && this.tiles.includes(tile) && !this.listening.signal.aborted;
    if (source && waiting) tile.image.src = source;
  }

  tell(tile, problem) {
    tile.problem.textContent = problem;
    tile.image.hidden = problem !== "";
  }

  apply() {
    this.x = clamp(this.x, 1 - this.scale, 0);
    this.y = clamp(this.y, 1 - this.scale, 0);
    const moved = `translate(${100 * this.x}%, ${100 * this.y}%) scale(${this.scale})`;
    for (const tile of this.tiles) tile.image.style.transform = moved;
    this.root.classList.toggle("zoomed", this.scale > 1);
    this.root.querySelector(".level").textContent = `${Number(this.scale.toFixed(1))}×`;
    this.root.querySelector(".in").disabled = this.scale >= MOST;
    this.root.querySelector(".out").disabled = this.scale <= 1;
    this.root.querySelector(".reset").disabled = this.scale <= 1;
    if (this.mode === "slider") this.divide();
  }

  divide() {
    const percent = Number(this.range.value);
    this.tiles[0].layer.style.clipPath = `inset(0 ${100 - percent}% 0 0)`;
    this.line.style.left = `${percent}%`;
    this.range.setAttribute("aria-valuetext", `${percent} %`);
  }

  zoom(factor, x, y) {
    const scale = clamp(this.scale * factor, 1, MOST);
    // What is under (x, y) stays there.
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.apply();
  }

  move(x, y) {
    this.x += x;
    this.y += y;
    this.apply();
  }

  reset() {
    this.scale = 1;
    this.apply();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      "+": () => this.zoom(STEP, 0.5, 0.5),
      "=": () => this.zoom(STEP, 0.5, 0.5),
      "-": () => this.zoom(1 / STEP, 0.5, 0.5),
      _: () => this.zoom(1 / STEP, 0.5, 0.5),
      0: () => this.reset(),
    };
    // Where all is in sight there is nothing to move, and the arrows scroll the page.
    if (this.scale > 1) {
      acts.ArrowLeft = () => this.move(SHIFT, 0);
      acts.ArrowRight = () => this.move(-SHIFT, 0);
      acts.ArrowUp = () => this.move(0, SHIFT);
      acts.ArrowDown = () => this.move(0, -SHIFT);
    }
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  wheel(event) {
    const at = this.place(event);
    if (!at) return;
    const focused = this.stage.getRootNode().activeElement === this.stage;
    // Whoever only wants to scroll past is not caught; two fingers on a trackpad come with ctrlKey.
    if (!event.ctrlKey && (!focused || (this.scale === 1 && event.deltaY > 0))) {
      this.root.querySelector(".hint").classList.toggle("asked", !focused);
      return;
    }
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE_PX;
    this.zoom(Math.exp(-clamp(pixels, -200, 200) * (event.ctrlKey ? 0.01 : 0.003)), at.x, at.y);
  }

  grab(event) {
    if (event.button !== 0) return;
    const frame = event.target.closest(".frame");
    if (!frame) return;
    this.stage.focus({ preventScroll: true });
    this.root.querySelector(".hint").classList.remove("asked");
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.frame = frame;
    this.stage.setPointerCapture(event.pointerId);
    this.root.classList.add("moving");
    this.draggedLine = this.mode === "slider" && this.pointers.size === 1 && this.isNearLine(event);
    if (this.draggedLine) this.drawLine(event);
  }

  isNearLine(event) {
    const box = this.frame.getBoundingClientRect();
    const line = box.left + (box.width * Number(this.range.value)) / 100;
    return this.scale === 1 || Math.abs(event.clientX - line) < NEAR_PX;
  }

  drawLine(event) {
    const box = this.frame.getBoundingClientRect();
    this.range.value = Math.round((100 * (event.clientX - box.left)) / box.width);
    this.apply();
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const now = { x: event.clientX, y: event.clientY };
    this.pointers.set(event.pointerId, now);
    const box = this.frame.getBoundingClientRect();
    if (others.length) {
      this.pinch(box, others[0], before, now);
    } else if (this.draggedLine) {
      this.drawLine(event);
    } else {
      this.move((now.x - before.x) / box.width, (now.y - before.y) / box.height);
    }
  }

  pinch(box, other, before, now) {
    const apart = (at) => Math.max(Math.hypot(at.x - other.x, at.y - other.y), 1);
    const x = ((before.x + other.x) / 2 - box.left) / box.width;
    const y = ((before.y + other.y) / 2 - box.top) / box.height;
    this.zoom(apart(now) / apart(before), x, y);
    this.move((now.x - before.x) / 2 / box.width, (now.y - before.y) / 2 / box.height);
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size) return;
    this.draggedLine = false;
    this.root.classList.remove("moving");
  }

  place(event) {
    const box = event.target.closest(".frame")?.getBoundingClientRect();
    if (!box) return null;
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }
}

function make(name, className = "") {
  const element = document.createElement(name);
  element.className = className;
  return element;
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
