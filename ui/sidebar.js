// The side panel's behaviour. Runs once, when the panel is first shown; `element`, `trigger`
// and `watch` are given by the framework. What the panel shows comes from the server alone.
const opened = () => element.querySelector(".panel")?.dataset ?? {};
const addressed = () => new URLSearchParams(location.search).get("c") ?? "";
const show = (item, mode) => { item.dataset.mode = mode; };

function openChat(id) {
  if (id !== opened().open) trigger("open_chat", { id });
  tuckAway();
}

function rename(item) {
  show(item, "rename");
  const input = item.querySelector("input");
  input.value = input.getAttribute("value");
  input.focus();
  input.select();
}

element.addEventListener("click", (event) => {
  const item = event.target.closest("li[data-id]");
  const link = event.target.closest("a");
  const button = event.target.closest("button");
  if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    openChat(item?.dataset.id ?? "");
  } else if (button?.matches(".rename")) {
    rename(item);
  } else if (button?.matches(".delete")) {
    show(item, "delete");
    item.querySelector(".no").focus();
  } else if (button?.matches(".no")) {
    show(item, "");
  } else if (button?.matches(".yes")) {
    show(item, "");
    trigger("delete_chat", { id: item.dataset.id });
  }
});

element.addEventListener("submit", (event) => {
  event.preventDefault();
  const item = event.target.closest("li[data-id]");
  show(item, "");
  trigger("rename_chat", { id: item.dataset.id, title: event.target.querySelector("input").value });
});

element.addEventListener("keydown", (event) => {
  const item = event.target.closest("li[data-id]");
  if (event.key === "Escape" && item) show(item, "");
});

// Back and Forward move between conversations; so does an address that names one.
window.addEventListener("popstate", () => trigger("follow_address", { id: addressed() }));

watch("value", () => {
  const { title } = opened();
  document.title = title ? `${title} · Vis-à-Vis` : "Vis-à-Vis";
});

// On a phone the panel covers the page: it starts closed, and closes once it has served.
const narrow = window.matchMedia("(max-width: 768px)");
function tuckAway() {
  const panel = element.closest(".sidebar.open");
  if (narrow.matches) panel?.querySelector(".toggle-button").click();
}
tuckAway();
