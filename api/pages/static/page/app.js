// Puts the page together: which view an address shows, and what stands around all of them.

import { startBanners } from "./banners.js";
import { oneBuild } from "./build.js";
import { builds } from "./builds.js";
import { h, icon, ICONS, replace } from "./dom.js";
import { forgetKey, theKey } from "./key.js";
import { live } from "./live.js";
import { loads, oneLoad } from "./loads.js";
import { oneMetric, overview } from "./overview.js";
import { empty } from "./parts.js";
import { tables } from "./tables.js";
import { startTheme, themeButton } from "./theme.js";
import { upload } from "./upload.js";
import { tick } from "./words.js";

// In the order of the navigation; what it does not show has no name.
const VIEWS = [
  { name: "Overview", path: "/", pattern: /^\/?$/, view: overview },
  { name: "Upload", path: "/upload", pattern: /^\/upload$/, view: upload },
  { name: "Loads", path: "/loads", pattern: /^\/loads$/, view: loads },
  { name: "Builds", path: "/builds", pattern: /^\/builds$/, view: builds },
  { name: "Tables", path: "/tables", pattern: /^\/tables$/, view: tables },
  { under: "/", title: "Metric", pattern: /^\/metrics\/([^/]+)$/, view: oneMetric },
  { under: "/loads", title: "Load", pattern: /^\/loads\/(\d+)$/, view: oneLoad },
  { under: "/builds", title: "Build", pattern: /^\/builds\/(\d+)$/, view: oneBuild },
];
const TITLE = document.title;

const main = document.getElementById("main");
let leaving = new AbortController();
let shown = null;

function route() {
  const [path, text = ""] = location.hash.replace(/^#/, "").split(/\?(.*)/s);
  if (location.hash && !location.hash.startsWith("#/")) return;
  leaving.abort();
  leaving = new AbortController();
  const found = VIEWS.find(({ pattern }) => pattern.test(path));
  const argument = decoded(found?.pattern.exec(path)[1] ?? "");
  document.title = `${found?.name ?? `${found?.title ?? "Nothing here"} ${argument}`} · ${TITLE}`;
  showNavigation(found?.path ?? found?.under);
  if (found) found.view(main, leaving.signal, argument, text);
  else
    replace(
      main,
      h("h1", {}, "There is nothing here"),
      empty("No page has this address", h("a", { href: "#/" }, "Go to the overview"), "."),
    );
  // Who reads by ear begins at the new page; the first one is begun at its top anyway.
  if (shown !== null && shown !== path) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  shown = path;
}

// What stands in an address by mistake is no reason for no page at all.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function showNavigation(here) {
  replace(
    document.getElementById("nav"),
    VIEWS.filter(({ name }) => name).map(({ name, path }) =>
      h("a", { href: `#${path}`, "aria-current": path === here ? "page" : null }, name),
    ),
  );
}

function showTools() {
  replace(
    document.getElementById("tools"),
    theKey() &&
      h(
        "button",
        {
          type: "button",
          class: "tool",
          title: "Forget the API key",
          "aria-label": "Forget the API key",
          on: { click: forgetKey },
        },
        icon(ICONS.key),
      ),
    themeButton(),
  );
}

startTheme();
showTools();
startBanners(document.getElementById("banners"));
document.addEventListener("key", showTools);
addEventListener("hashchange", route);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
setInterval(tick, 1000);
// A file that is dropped beside the place for it must not replace the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
live.start().finally(route);
