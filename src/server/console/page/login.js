import { byId, setText } from "./dom.js";
import { ask } from "./stream.js";

/** Shows the form, and begins anew when the token was right. */
export function showLogin() {
  const form = byId("login");
  for (const view of document.querySelectorAll(".view")) view.setAttribute("hidden", "");
  form.hidden = false;
  byId("token").focus();
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await ask("/api/login", { token: byId("token").value });
      location.reload();
    } catch (error) {
      setText(byId("login-error"), /** @type {Error} */ (error).message);
      byId("token").select();
    }
  });
}
