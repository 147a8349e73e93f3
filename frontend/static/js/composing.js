/** A key press that belongs to an input method: the Enter that takes a Chinese word must not send. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;
