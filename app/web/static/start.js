// Starts the GOV.UK Frontend components; every page works without it.
import { initAll } from "./govuk-frontend-6.6.0.min.js";
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
