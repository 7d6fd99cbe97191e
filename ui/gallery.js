// Pictures that were found, at the side, and the button in the log that asks for those like one; see pins.js
// for why it passes through the side panel. Opening one at its message is sidebar.js's, as for messages.
const gallery = document.querySelector("#found");

// What was asked for in the log appears elsewhere: show it, and take the focus there.
const arrived = new MutationObserver(() => {
  const alike = gallery.querySelector(".gallery[tabindex]");
  if (!alike) return;
  arrived.disconnect();
  const panel = element.closest(".sidebar");
  if (!panel.matches(".open")) panel.querySelector(".toggle-button").click();
  alike.focus();
});

document.addEventListener("click", (event) => {
  const like = event.target.closest("#log button.like");
  if (!like) return;
  arrived.observe(gallery, { subtree: true, childList: true });
  // The address of the picture ends with its sha256.
  const address = like.closest("figure").querySelector("a").pathname;
  trigger("like_picture", { sha256: address.split("/").pop() });
});

// Back to what the search shows; to the list, if nothing is searched for.
function leaveGallery() {
  find();
  search.querySelector("input").focus();
}

gallery.addEventListener("click", (event) => {
  if (event.target.closest("button.back")) leaveGallery();
});

gallery.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest(".gallery[tabindex]")) leaveGallery();
});
