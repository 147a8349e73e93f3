// The team's page follows what happens: who comes and goes, what is given to whom.
import { fillAll } from "../avatar.js";
import { calm } from "../dom.js";
import { news } from "../task-news.js";
import "./webhooks.js"; // the link of an invitation is copied, and not made twice, as a secret is

const CALM_MS = 400;
const refresh = calm(() => htmx.trigger(document.body, "team-changed"), CALM_MS);
for (const type of ["availability", "status", "conversation", "ready"]) news.addEventListener(type, refresh);
document.body.addEventListener("htmx:after:swap", () => fillAll(document.getElementById("people")));
