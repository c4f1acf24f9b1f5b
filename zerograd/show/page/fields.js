// A field that holds one exact number, and says so where it cannot read what is typed.
"use strict";

window.zerograd.fields = (() => {
  const { text, fullText, parse, stepped } = window.zerograd.exact;
  const FORMS = "write 3, \u22122/3, 0.1 or 1e3";
  let made = 0;

  /** Takes back what other fields say of texts that they could not read. */
  function clearHints() {
    for (const hint of document.querySelectorAll(".field-hint")) hint.hidden = true;
  }

  /**
   * A new field. `read` gives the present value, `write` takes a new one, `step` is that of the arrow keys. What is
   * not a number is refused with a hint; when the field is left, or with Escape, it shows its value again.
   */
  function numberField(parent, label, read, write, step) {
    const input = document.createElement("input");
    const attributes = {
      type: "text", class: "number", "aria-label": label, autocomplete: "off", spellcheck: "false", size: "6",
    };
    for (const [key, value] of Object.entries(attributes)) input.setAttribute(key, value);
    const hint = document.createElement("span");
    made += 1;
    hint.id = `hint-${made}`;
    hint.className = "field-hint";
    hint.setAttribute("role", "alert");
    hint.hidden = true;
    parent.append(input, hint);

    const untouched = () => input.value === text(read());
    const bad = () => !untouched() && parse(input.value) === null;

    function complain(said) {
      hint.textContent = said;
      hint.hidden = false;
      input.setAttribute("aria-describedby", hint.id);
    }

    function accept() {
      hint.hidden = true;
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }

    function commit() {
      if (bad()) {
        input.setAttribute("aria-invalid", "true");
        complain(`Not a number that is read here: ${FORMS}.`);
        return;
      }
      if (!untouched()) write(parse(input.value));
      accept();
      input.value = text(read());
    }

    input.addEventListener("change", commit);
    input.addEventListener("blur", () => {
      if (!bad()) return;
      const typed = input.value.trim().slice(0, 12) || "nothing";
      input.value = text(read());
      input.removeAttribute("aria-invalid");
      complain(`Not read: ${typed}. Still ${text(read())}; ${FORMS}.`);
    });
    input.addEventListener("input", () => {
      if (!input.hasAttribute("aria-invalid")) accept();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        accept();
        input.value = text(read());
      }
      const count = { ArrowUp: 1, ArrowDown: -1 }[event.key] || 0;
      if (!count || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      write(stepped(read(), step(), event.shiftKey ? 10 * count : count));
      accept();
      input.value = text(read());
    });

    return () => {
      const full = fullText(read());
      if (input.dataset.exact === full) return;
      input.dataset.exact = full;
      input.value = text(read());
      input.size = Math.min(Math.max(input.value.length, 5), 26);
      accept();
    };
  }

  return { numberField, clearHints };
})();
