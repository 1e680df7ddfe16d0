export const views = ["overview", "dead-letters", "tables", "sql"];

/**
 * A view, and what is chosen in it, as the address says it: `#dead-letters/json_syntax`.
 *
 * @param {string} hash
 */
export function placeOf(hash) {
  const [view = "", ...rest] = hash.slice(1).split("/");
  return { view: views.includes(view) ? view : "overview", chosen: decoded(rest.join("/")) };
}

/** An address that was typed may hold a % that escapes nothing. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
