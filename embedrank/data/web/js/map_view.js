// A canvas of points that can be moved, zoomed, pointed at and walked over with the keyboard.
import { show } from "./dom.js";

const REACH = 14;
const MOST_ZOOM = 40;
const MARGIN = 28;

export class MapView {
  constructor(canvas, tip, { onOpen, describe }) {
    Object.assign(this, { canvas, tip, onOpen, describe, points: [], scale: 1, x: 0.5, y: 0.5, current: null, pointers: new Map(), moved: 0 });
    this.context = canvas.getContext("2d");
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(canvas);
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.zoom(Math.exp(-event.deltaY / 400), this.place(event)); }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.pointers.set(event.pointerId, this.place(event)); this.moved = 0; });
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.lift(event));
    canvas.addEventListener("pointerleave", () => { if (!this.pointers.size) this.point(null); });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /** Points with x and y in 0..1, a color, and perhaps a rank. Those with a rank are drawn last. */
  set(points) {
    const name = this.current?.id;
    this.points = [...points].sort((a, b) => (b.rank ?? 1e9) - (a.rank ?? 1e9));
    this.current = this.points.find((point) => point.id === name) ?? null;
    this.draw();
  }

  end() { this.observer.disconnect(); }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this, { width, height, ratio });
    this.draw();
  }

  whole() { Object.assign(this, { scale: 1, x: 0.5, y: 0.5 }); this.draw(); }

  zoom(factor, about = [this.width / 2, this.height / 2]) {
    const [x, y] = this.from(about);
    this.scale = Math.min(MOST_ZOOM, Math.max(1, this.scale * factor));
    const [nowX, nowY] = this.from(about);
    this.x += x - nowX;
    this.y += y - nowY;
    this.draw();
  }

  get extent() { return [(this.width - 2 * MARGIN) * this.scale, (this.height - 2 * MARGIN) * this.scale]; }
  to({ x, y }) { const [w, e] = this.extent; return [this.width / 2 + (x - this.x) * w, this.height / 2 + (y - this.y) * e]; }
  from([px, py]) { const [w, e] = this.extent; return [this.x + (px - this.width / 2) / w, this.y + (py - this.height / 2) / e]; }
  place(event) { const box = this.canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }

  move(event) {
    const now = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) { this.point(this.nearest(now)); return; }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    if (others.length) {
      this.zoom(apart(now, others[0]) / Math.max(1, apart(before, others[0])), now);
    } else {
      const [w, e] = this.extent;
      this.x -= (now[0] - before[0]) / w;
      this.y -= (now[1] - before[1]) / e;
      this.draw();
    }
    this.moved += apart(now, before);
    this.pointers.set(event.pointerId, now);
  }

  lift(event) {
    this.pointers.delete(event.pointerId);
    if (event.type !== "pointerup" || this.moved > 6) return;
    const near = this.nearest(this.place(event), event.pointerType === "touch" ? 2 * REACH : REACH);
    if (near && event.pointerType === "touch" && near !== this.current) { this.point(near); return; }
    if (near) this.onOpen(near);
  }

  nearest([px, py], reach = REACH) {
    let best = null;
    let least = reach;
    for (const point of this.points) {
      const distance = apart(this.to(point), [px, py]) - (point.rank ? 4 : 0);
      if (distance < least && !point.isFaint) [best, least] = [point, distance];
    }
    return best;
  }

  key(event) {
    const towards = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (towards) this.walk(towards);
    else if (event.key === "Enter" && this.current) this.onOpen(this.current);
    else if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else if (event.key === "0") this.whole();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** To the nearest point that lies in a direction, within an eighth turn. */
  walk([dx, dy]) {
    if (!this.current) { this.point(this.points.at(-1) ?? null); return; }
    const [cx, cy] = this.to(this.current);
    let best = null;
    let least = Infinity;
    for (const point of this.points) {
      const [x, y] = this.to(point);
      const along = (x - cx) * dx + (y - cy) * dy;
      const aside = Math.abs((x - cx) * dy) + Math.abs((y - cy) * dx);
      if (along > 0 && aside <= along && along + aside < least && !point.isFaint) [best, least] = [point, along + aside];
    }
    if (best) this.point(best);
  }

  point(point) {
    this.canvas.classList.toggle("over", Boolean(point));
    if (point === this.current) return;
    this.current = point;
    this.draw();
  }

  draw() {
    if (!this.width) return;
    const { context, ratio } = this;
    const css = getComputedStyle(this.canvas);
    const ink = css.getPropertyValue("color");
    const ground = getComputedStyle(this.canvas.parentElement).backgroundColor;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const size = Math.min(7, 3.2 + Math.sqrt(this.scale) * 0.6);
    for (const point of this.points) this.dot(point, size, ink, ground);
    if (this.current) this.ring(this.current, size + 4, ink);
    this.showTip();
  }

  dot(point, size, ink, ground) {
    const { context } = this;
    const [x, y] = this.to(point);
    if (x < -20 || y < -20 || x > this.width + 20 || y > this.height + 20) return;
    context.globalAlpha = point.isFaint ? 0.12 : point.rank ? 1 : 0.78;
    context.fillStyle = point.color;
    disc(context, x, y, point.rank ? size + 1 : size);
    context.fill();
    context.globalAlpha = 1;
    if (!point.rank) return;
    this.ring(point, size + 4, ink);
    context.font = "600 11px system-ui, sans-serif";
    context.lineWidth = 3;
    context.strokeStyle = ground;
    context.fillStyle = ink;
    context.strokeText(point.rank, x + size + 7, y + 4);
    context.fillText(point.rank, x + size + 7, y + 4);
  }

  ring(point, radius, ink) {
    const [x, y] = this.to(point);
    this.context.strokeStyle = ink;
    this.context.lineWidth = 2;
    disc(this.context, x, y, radius);
    this.context.stroke();
  }

  showTip() {
    this.tip.hidden = !this.current;
    if (!this.current) return;
    show(this.tip, this.describe(this.current));
    const [x, y] = this.to(this.current);
    const { offsetWidth: w, offsetHeight: e } = this.tip;
    const left = Math.max(8, Math.min(this.width - w - 8, x + 14));
    const top = y + 14 + e > this.height ? y - e - 14 : y + 14;
    this.tip.style.transform = `translate(${left}px, ${Math.max(8, top)}px)`;
  }
}

function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

const apart = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);
