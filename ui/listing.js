// Which conversations the list at the side shows: those with a tag, those put away, and how many of them. The
// server draws what is asked for; whatever else makes it draw the panel, it begins with the first of all.
const FEW = 100;
const chosen = { tag: null, archived: false, count: FEW };
// Where the list stood, and which button had the focus, when the person chose.
let stood = 0;
let pressed = null;

function ask() {
  trigger("list_chats", { ...chosen });
}

function choose(button) {
  if (button.matches(".put-away")) chosen.archived = !chosen.archived;
  else chosen.tag = chosen.tag === button.dataset.tag ? null : button.dataset.tag;
  chosen.count = FEW;
  stood = 0;
  pressed = button.dataset.tag ?? "";
  ask();
}

function showMore() {
  stood = element.querySelector("nav").scrollTop;
  pressed = rows().length;
  chosen.count += FEW;
  ask();
}

// Called whenever the panel has been drawn: whether it shows what was chosen. If not, that is asked for, and
// until it is there, no list is shown.
function isAsChosen() {
  const panel = element.querySelector(".panel");
  if (!panel) return true;
  const filters = [...panel.querySelectorAll(".filters button")];
  // What nothing is tagged with any more, or nothing put away, cannot stay chosen.
  if (!filters.some((button) => button.dataset.tag === chosen.tag)) chosen.tag = null;
  if (!filters.some((button) => button.matches(".put-away"))) chosen.archived = false;
  const shown = JSON.parse(panel.dataset.choice);
  const list = panel.querySelector("nav");
  if (Object.keys(chosen).some((name) => shown[name] !== chosen[name])) {
    list.style.visibility = "hidden";
    ask();
    return false;
  }
  if (pressed !== null) {
    list.scrollTop = stood;
    // The button that was pressed has been drawn anew; after "Show more" the first of the new ones is next.
    const next = typeof pressed === "number"
      ? rows()[pressed]?.querySelector("a")
      : filters.find((button) => (button.dataset.tag ?? "") === pressed);
    if (document.activeElement === document.body) next?.focus({ preventScroll: typeof pressed !== "number" });
    pressed = null;
  }
  return true;
}
