"use strict";
(() => {
  const { groups, steps } = JSON.parse(document.getElementById("rollout-data").textContent);
  const list = document.getElementById("groups");
  if (!list) return;
  const PAGE = 8;
  const control = Object.fromEntries(
    ["step", "task", "outcome", "admission", "text"].map((name) => [name, document.getElementById(`by-${name}`)]));
  const [shaded, found, more, earlier, later] =
    ["shaded", "found", "more", "earlier", "later"].map((id) => document.getElementById(id));
  let shownGroups = PAGE;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const distinct = (values) => [...new Set(values)].sort();
  const lastPart = (task) => task.slice(task.lastIndexOf("/") + 1);
  const parts = distinct(groups.map((group) => group.task)).map(lastPart);
  const short = (task) => parts.filter((part) => part === lastPart(task)).length > 1 ? task : lastPart(task);
  const fill = (select, values, any, label = String) => {
    if (any) select.append(make("option", { value: "" }, any));
    for (const value of values) select.append(make("option", { value }, label(value)));
  };
  fill(control.step, steps, "all on this page");
  fill(control.task, distinct(groups.map((group) => group.task)), "all", short);
  fill(control.outcome, distinct(groups.flatMap((group) => group.completions.map((one) => one.outcome))), "all");
  fill(control.admission, distinct(groups.map((group) => group.admission).filter(Boolean)), "all", (name) => name.replaceAll("_", " "));
  control.step.value = String(steps[steps.length - 1]);

  // The text cut into tokens, each as dark as it was unlikely. Characters are counted as Python counts them.
  const tokens = (one) => {
    const characters = Array.from(one.text);
    const pre = make("pre");
    let place = 0;
    one.chars.forEach((length, index) => {
      const piece = characters.slice(place, place + length).join("");
      place += length;
      const last = index === one.chars.length - 1 && one.finished && !piece;
      if (!piece && !last) return;
      const logprob = one.logprobs[index];
      const known = typeof logprob === "number";
      const share = known ? Math.min(85, Math.round(-logprob * 28)) : 0;
      const title = known ? `probability ${Math.exp(logprob).toPrecision(2)}, log ${logprob.toFixed(2)}` : "no finite log-probability";
      const token = make("span", { title }, last ? "■" : piece);
      if (last) token.className = "end";
      if (!known) token.className = "broken";
      if (share > 1) token.style.background = `color-mix(in srgb, var(--shade) ${share}%, transparent)`;
      pre.append(token);
    });
    return pre;
  };
  const number = (value) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(3);
  const answer = (one) => {
    const facts = [one.outcome, `score ${one.score}`, `${one.tokens} tokens`];
    facts.push(typeof one.advantage === "number" ? `advantage ${number(one.advantage)}` : "not trained on");
    if (one.finished === false) facts.push("cut off");
    const meta = make("div", { class: "meta" }, ...facts.map((fact, index) => make(index ? "span" : "strong", {}, fact)));
    const box = make("div", { class: `answer ${one.outcome}` }, meta);
    box.append(shaded.checked && one.chars ? tokens(one) : make("pre", {}, one.text));
    if (one.detail) box.append(make("div", { class: "small quiet" }, `verifier: ${one.detail}`));
    return box;
  };
  const groupOf = ({ group, completions }) => {
    const header = make("header", {}, make("strong", { title: group.task }, short(group.task)),
      make("span", { class: "quiet" }, `step ${group.step}`),
      make("span", { class: "quiet" }, `${group.solved} of ${group.of} solved`),
      make("span", { class: "quiet" }, (group.admission || "").replaceAll("_", " ")));
    const section = make("section", { class: "group" }, header, make("pre", { class: "question" }, group.question));
    section.append(make("div", { class: "answers" }, ...completions.map(answer)));
    const rest = group.of - group.completions.length;
    if (rest > 0) section.append(make("p", { class: "small quiet" }, `and ${rest} more completions of this group`));
    return section;
  };
  const wanted = () => {
    const words = control.text.value.trim().toLowerCase();
    const matching = [];
    for (const group of groups) {
      if (control.step.value && String(group.step) !== control.step.value) continue;
      if (control.task.value && group.task !== control.task.value) continue;
      if (control.admission.value && group.admission !== control.admission.value) continue;
      const inQuestion = words && group.question.toLowerCase().includes(words);
      const completions = group.completions.filter((one) =>
        (!control.outcome.value || one.outcome === control.outcome.value) &&
        (!words || inQuestion || one.text.toLowerCase().includes(words)));
      if (completions.length) matching.push({ group, completions });
    }
    return matching;
  };
  const show = () => {
    const matching = wanted();
    const count = matching.reduce((sum, { completions }) => sum + completions.length, 0);
    found.textContent = matching.length ? `${count} completions of ${matching.length} groups.` : "Nothing matches: choose all in one of the filters.";
    list.replaceChildren(...matching.slice(0, shownGroups).map(groupOf));
    more.hidden = matching.length <= shownGroups;
    const place = steps.map(String).indexOf(control.step.value);
    earlier.disabled = place <= 0;
    later.disabled = place < 0 || place === steps.length - 1;
  };
  const again = () => { shownGroups = PAGE; show(); };
  const move = (by) => {
    const place = steps.map(String).indexOf(control.step.value) + by;
    if (place < 0 || place >= steps.length) return;
    control.step.value = String(steps[place]);
    again();
  };
  for (const element of [...Object.values(control), shaded]) element.addEventListener("input", again);
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { shownGroups += PAGE; show(); });
  earlier.addEventListener("click", () => move(-1));
  later.addEventListener("click", () => move(1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (event.key === "[") move(-1);
    else if (event.key === "]") move(1);
    else if (event.key === "/") { event.preventDefault(); control.text.focus(); }
  });
  show();
})();
