// The pins of the pictures in the log. The log has no events for what stands in its messages, so the
// side panel's component passes them on; `trigger` is its own, as in sidebar.js.
const pins = () => [...document.querySelectorAll("#log button.pin")];
const isPinned = (pin) => pin.classList.contains("pinned");
let redrawn = null;

// The log draws a changed message anew, now and then more than once, and the button with the focus is gone:
// give it to its successor, until the person has gone elsewhere.
function keepFocus(place, before) {
  redrawn?.disconnect();
  redrawn = new MutationObserver(() => {
    const pin = pins()[place];
    if (!pin || isPinned(pin) === before) return;
    if (document.activeElement === document.body) pin.focus({ preventScroll: true });
  });
  redrawn.observe(document.querySelector("#log"), { subtree: true, childList: true, attributes: true });
}

// A press or a tab to somewhere else ends it.
for (const name of ["pointerdown", "keydown"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.closest?.("#log button.pin") || event.key === "Tab") redrawn?.disconnect();
  });
}

document.addEventListener("click", (event) => {
  const pin = event.target.closest("#log button.pin");
  if (!pin) return;
  const before = isPinned(pin);
  keepFocus(pins().indexOf(pin), before);
  // The address of the picture ends with its sha256.
  const address = pin.closest("figure").querySelector("a").pathname;
  trigger("pin_picture", { sha256: address.split("/").pop(), pinned: !before });
});
