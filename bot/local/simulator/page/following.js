// Whether a list follows what comes at its end. Pure.

// This near to its end a list counts as being there.
const NEAR_END_PX = 48;

/**
 * Whether the list follows its end from now on, having followed it or not (`followed`) when it was last scrolled.
 *
 * Only a person goes up. That the end is further away than before is otherwise a picture that has loaded, or the form
 * of a command, of which a scroll event may tell before anything else does.
 */
export function follows(followed, before, now) {
  if (now.scrollHeight - now.scrollTop - now.clientHeight < NEAR_END_PX) return true;
  const sameSize = now.scrollHeight === before.scrollHeight && now.clientHeight === before.clientHeight;
  return followed && !(sameSize && now.scrollTop < before.scrollTop);
}
