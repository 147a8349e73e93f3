// Two short notes, made here: no file to load. Browsers let a page sound only after somebody has touched it.

const NOTES = [[659.26, 0], [880, 0.11]]; // Hz, seconds
const LENGTH = 0.28;
const LOUDNESS = 0.12;
let context = null;

const AFTER_MS = 400; // making a context takes longer than a press should be answered in

function unlock() {
  context ??= "AudioContext" in globalThis ? new AudioContext() : null;
  if (context?.state === "suspended") context.resume().catch(() => {});
}

export function useChime() {
  const soon = () => setTimeout(unlock, AFTER_MS);
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, soon, { once: true, capture: true });
}

export const canChime = () => context?.state === "running";

/** False when nothing was heard. */
export function chime() {
  if (!canChime()) return false;
  for (const [pitch, delay] of NOTES) {
    const start = context.currentTime + delay;
    const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + LENGTH);
  }
  return true;
}
