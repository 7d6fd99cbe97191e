// The list of what is remembered. Runs once, when it is first shown; `element`, `trigger` and `watch` are
// given by the framework, which draws all of the list anew whenever the server sends it.
let isOpen = false;
// Where the focus goes when the list is drawn anew after what the person did to it.
let next = null;

const values = (form) => ({
  text: form.querySelector("input").value,
  persona: form.querySelector("select").value,
});

function act(name, data, after = "summary") {
  next = after;
  trigger(name, data);
}

function change(item, mode) {
  item.dataset.mode = mode;
  (mode ? item.querySelector("input") : item.querySelector(".change")).focus();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[type=button]");
  const item = event.target.closest("[data-fact]");
  if (button?.matches(".change")) change(item, "change");
  else if (button?.matches(".drop")) act("delete_fact", { id: item.dataset.fact });
  else if (button?.dataset.delete) act("delete_fact", { id: button.dataset.delete });
  else if (button?.matches(".undo")) {
    act("add_fact", { text: button.dataset.add, persona: button.dataset.persona });
  }
});

element.addEventListener("submit", (event) => {
  event.preventDefault();
  const item = event.target.closest("[data-fact]");
  if (item) act("edit_fact", { id: item.dataset.fact, ...values(event.target) });
  else act("add_fact", values(event.target), "form.add input");
});

element.addEventListener("keydown", (event) => {
  const item = event.target.closest("[data-mode=change]");
  if (event.key === "Escape" && item) change(item, "");
});

// It does not bubble. One that the list's own redrawing causes finds `isOpen` as it is.
element.addEventListener("toggle", (event) => {
  if (event.target.open === isOpen) return;
  isOpen = event.target.open;
  // What is told above the list would go, and the list is as new as that.
  if (isOpen && !element.querySelector(".news")) trigger("look");
}, true);

watch("value", () => {
  const details = element.querySelector("details");
  details.open = isOpen;
  const focused = document.activeElement;
  if (next && (focused === document.body || element.contains(focused))) {
    const place = details.querySelector(next);
    if (place.matches("input")) place.value = "";
    place.focus();
  }
  next = null;
});
