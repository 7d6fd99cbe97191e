// The side panel's behaviour. Runs once, when the panel is first shown; `element`, `trigger`
// and `watch` are given by the framework. What the panel shows comes from the server alone.
const side = element.closest("#side");
const opened = () => element.querySelector(".panel")?.dataset ?? {};
const addressed = () => new URLSearchParams(location.search).get("c") ?? "";
const rows = () => [...element.querySelectorAll("li[data-id]")];

// The message that the log is to show when it has opened the conversation; its end if this is nothing.
let sought = "";

function openChat(id, message = "") {
  sought = message;
  if (id !== opened().open || message) trigger("open_chat", { id, message });
  tuckAway();
}

// ---- What can be done with a conversation: one part at a time is unfolded, below its row ----

function fold() {
  side.querySelector(".unfolded")?.remove();
  side.querySelector(".more[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
}

function unfold(item, part) {
  fold();
  const shown = side.querySelector(`template.${part}`).content.firstElementChild.cloneNode(true);
  shown.classList.add("unfolded");
  prepare[part](shown, item.dataset, item.querySelector(".pinned") !== null);
  item.append(shown);
  item.querySelector(".more").setAttribute("aria-expanded", "true");
  const first = shown.querySelector("input, textarea, .no") ?? shown.querySelector("button");
  first.focus();
  if (first.matches("input")) first.select();
  shown.scrollIntoView({ block: "nearest" });
}

const prepare = {
  menu(shown, { id, archived }, isPinned) {
    shown.querySelector(".pin").textContent = isPinned ? "Unpin" : "Pin";
    shown.querySelector(".archive").textContent = archived === undefined ? "Archive" : "Unarchive";
    for (const link of shown.querySelectorAll("[data-form]")) {
      link.href = `/exports/${encodeURIComponent(id)}/${link.dataset.form}`;
    }
  },
  naming(shown, { title }) { shown.querySelector("input").value = title; },
  noting(shown, { note }) { shown.querySelector("textarea").value = note ?? ""; },
  tagging(shown, { tags }) { shown.querySelector("input").value = JSON.parse(tags).join(", "); },
  sure() {},
};

// Whose row is given the focus again when the server has drawn the panel anew.
let changed = null;

function change(name, item, data = {}) {
  changed = item.dataset.id;
  trigger(name, { id: changed, ...data });
}

const deeds = {
  more: (item, button) => (button.ariaExpanded === "true" ? fold() : unfold(item, "menu")),
  rename: (item) => unfold(item, "naming"),
  tag: (item) => unfold(item, "tagging"),
  note: (item) => unfold(item, "noting"),
  delete: (item) => unfold(item, "sure"),
  no: (item) => close(item),
  yes: (item) => change("delete_chat", item),
  pin: (item, button) => change("pin_chat", item, { pinned: button.textContent === "Pin" }),
  archive: (item, button) => change("archive_chat", item, { archived: button.textContent === "Archive" }),
};

function close(item) {
  fold();
  item.querySelector(".more").focus();
}

side.addEventListener("click", (event) => {
  const item = event.target.closest("li[data-id]");
  const link = event.target.closest("a");
  const button = event.target.closest("button");
  if (link?.dataset.form) {
    close(item);
  } else if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    openChat(item?.dataset.id ?? "", item?.dataset.message);
  } else if (button?.closest(".filters")) {
    choose(button);
  } else if (button?.matches(".show-more")) {
    showMore();
  } else if (button && item) {
    deeds[button.className]?.(item, button);
  }
});

side.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target === search) return find();
  const item = event.target.closest("li[data-id]");
  if (!item) return;
  const typed = event.target.querySelector("input, textarea").value;
  if (event.target.matches(".noting")) change("note_chat", item, { note: typed });
  else if (event.target.matches(".naming")) change("rename_chat", item, { title: typed });
  else change("tag_chat", item, { tags: typed });
});

side.addEventListener("keydown", (event) => {
  const item = event.target.closest(".unfolded")?.closest("li[data-id]");
  if (event.key === "Escape" && item) close(item);
});

// ---- Search: as one types, a moment after the last key ----

const search = side.querySelector(".find");
let waiting;

function find() {
  clearTimeout(waiting);
  const [words, picture] = search.querySelectorAll("input");
  trigger("find", { words: words.value, with_picture: picture.checked });
}

search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(find, 150);
});

// ---- The page around it ----

// Back and Forward move between conversations; so does an address that names one.
window.addEventListener("popstate", () => trigger("follow_address", { id: addressed(), message: "" }));

watch("value", () => {
  const { title } = opened();
  document.title = title ? `${title} · Vis-à-Vis` : "Vis-à-Vis";
  if (!isAsChosen()) return;
  if (document.activeElement === document.body) {
    rows().find((row) => row.dataset.id === changed)?.querySelector(".more").focus();
  }
  changed = null;
});

// On a phone the panel covers the page: it starts closed, and closes once it has served.
const narrow = window.matchMedia("(max-width: 768px)");
function tuckAway() {
  const panel = element.closest(".sidebar.open");
  if (narrow.matches) panel?.querySelector(".toggle-button").click();
}
tuckAway();
