// Two soft notes for a new message: made here, so that no file is loaded; only after the first gesture, as browsers ask.
import { storage } from "../storage.js";

const KEY = "parley.sound";
let context = null;

export const isOn = () => storage.getItem(KEY) !== "off";

export function useSound(button) {
  const show = () => button.setAttribute("aria-checked", String(isOn()));
  button.addEventListener("click", () => {
    storage.setItem(KEY, isOn() ? "off" : "on");
    show();
    ring();
  });
  show();
  const wake = () => {
    context ??= new AudioContext();
    context.resume?.();
  };
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wake, { once: true });
}

export function ring() {
  if (!context || context.state !== "running" || !isOn()) return;
  for (const [tone, after] of [[660, 0], [880, 0.11]]) {
    const note = new OscillatorNode(context, { frequency: tone });
    const volume = new GainNode(context, { gain: 0.08 });
    const from = context.currentTime + after;
    volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.3);
    note.connect(volume).connect(context.destination);
    note.start(from);
    note.stop(from + 0.3);
  }
}
