// What can be done with a message in the log; see pins.js for why it passes through the side panel.
const acting = {
  edit: (button) => editInPlace(button),
  again: () => trigger("make_again", {}),
  copy: (button) => copyMessage(button),
  fork: (button) => trigger("fork_chat", { id: button.value }),
  earlier: (button) => trigger("switch_version", { id: button.value }),
  later: (button) => trigger("switch_version", { id: button.value }),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("#log button.act");
  if (button) acting[button.name]?.(button);
});

// When something else is open, the log goes to its end, which it then keeps to while a reply grows. A
// message that was looked for is shown instead, and held, because the log goes to its end of itself a
// moment later, until the person moves on.
document.addEventListener("settled", () => {
  const log = document.querySelector("#log [role=log]");
  const id = `message-${sought}`;
  if (!sought) return log?.scrollTo(0, log.scrollHeight);
  sought = "";
  const held = new AbortController();
  const show = () => document.getElementById(id)?.closest(".message-row").scrollIntoView({ block: "center" });
  show();
  log?.addEventListener("scroll", show, { signal: held.signal });
  for (const move of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    document.addEventListener(move, () => held.abort(), { signal: held.signal, capture: true });
  }
});

// A message is edited where it stands. The form goes when the log shows another message in its place:
// the edited one, or another conversation. What the server refuses stays in it.
let edited = null;

function stopEditing() {
  edited?.shown.disconnect();
  edited?.form.parentElement?.classList.remove("editing");
  edited?.form.remove();
  edited = null;
}

function editInPlace(button) {
  stopEditing();
  const id = button.value;
  const place = button.closest(".user");
  const said = place.querySelector(".said")?.textContent ?? "";
  const form = document.createElement("form");
  form.className = "edit";
  form.innerHTML =
    '<textarea aria-label="Your message" rows="1"></textarea>' +
    '<div><button type="button">Cancel</button><button type="submit">Send</button></div>';
  const [text, cancel] = form.querySelectorAll("textarea, button");
  const shown = new MutationObserver(() => {
    if (place.querySelector(".acts")?.id !== `message-${id}`) stopEditing();
  });
  edited = { form, shown };
  const leave = () => {
    stopEditing();
    place.querySelector(".act[name=edit]")?.focus();
  };
  text.value = said;
  cancel.addEventListener("click", leave);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value === said) leave();
    else trigger("edit_message", { id, text: text.value });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target !== text) return;
    event.preventDefault();
    form.requestSubmit();
  });
  place.classList.add("editing");
  place.append(form);
  text.focus();
  shown.observe(document.querySelector("#log"), { subtree: true, childList: true });
}

// What is copied is what is shown: the person's words as they typed them, a reply as it reads. The browser
// gives the clipboard to pages from this machine or over https alone; elsewhere an older way does.
const heard = document.createElement("p");
heard.setAttribute("role", "status");
heard.className = "heard";
document.body.append(heard);

async function copyMessage(button) {
  const row = button.closest(".message-row");
  const said = row.querySelector(".said");
  const text = (said ? said.textContent : row.querySelector(".prose")?.innerText ?? "").trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
    button.focus();
  }
  const title = button.title;
  button.title = "Copied";
  button.classList.add("copied");
  heard.textContent = "Copied";
  // Until the person goes elsewhere.
  for (const name of ["blur", "pointerleave"]) {
    button.addEventListener(name, () => {
      if (title !== "Copied") button.title = title;
      button.classList.remove("copied");
      heard.textContent = "";
    }, { once: true });
  }
}

function copyBySelection(text) {
  const place = document.createElement("textarea");
  place.value = text;
  place.className = "heard";
  document.body.append(place);
  place.select();
  document.execCommand("copy");
  place.remove();
}
