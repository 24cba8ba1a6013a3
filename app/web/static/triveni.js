// Small comforts; every page works without them.
for (const slider of document.querySelectorAll("input[type=range][data-shows]")) {
  const shown = document.getElementById(slider.dataset.shows);
  const tell = () => { shown.textContent = Number(slider.value).toLocaleString(document.documentElement.lang + "-CA"); };
  slider.addEventListener("input", tell);
  tell();
}
// A second press of the same button while the first is under way would ask twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
}
// Print shows every requirement, also the closed ones.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
