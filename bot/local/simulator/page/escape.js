const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it stands in HTML, inside elements as well as inside quoted attributes. */
export function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
