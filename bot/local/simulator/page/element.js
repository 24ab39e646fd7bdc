/**
 * A new element: `el("button.primary", {type: "button", onclick: run}, "Send")`.
 *
 * Properties with a dash and `role` become attributes, `on…` a listener, `html` is trusted markup (only
 * markdown.js and icons.js make any), and everything else is set as a property. Children that are null or false
 * are left out.
 */
export function el(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "html") made.innerHTML = value;
    // A listener's return value must not count: an `on…` property that gives false would swallow the event.
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "role" || name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

/** Turn one element into another by changing only what differs, so that a reply streams without flicker. */
export function morph(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const nodes = [...wanted.childNodes];
  nodes.forEach((node, index) => {
    const there = old.childNodes[index];
    if (!there) old.append(node);
    else if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName) there.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) morph(there, node);
    else if (there.data !== node.data) there.data = node.data;
  });
  while (old.childNodes.length > nodes.length) old.lastChild.remove();
}
