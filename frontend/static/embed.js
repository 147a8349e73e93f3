/* Parley's loader: <script async src="https://…/embed.js" data-shop="m1"></script>
   Adds one element to the page, in a closed shadow root, and changes nothing else. The chat itself is a page of ours in
   a frame, made on the first opening. Optional: data-locale, data-theme, data-side="start". */
(function () {
  "use strict";
  var script = document.currentScript;
  var shop = script && script.dataset.shop;
  if (!shop || document.querySelector("parley-chat")) return;
  var origin = new URL(script.src).origin;
  var KEY = "parley." + shop; // says only that this browser has talked with the shop, so that unread numbers are worth a frame
  var lang = (script.dataset.locale || document.documentElement.lang || navigator.language || "en").toLowerCase();
  var isChinese = lang.indexOf("zh") === 0;
  var words = isChinese ? { open: "打开对话", close: "收起对话", title: "在线客服", unread: "条未读" } : { open: "Open the chat", close: "Close the chat", title: "Chat with us", unread: "unread" };
  var side = script.dataset.side === "start" ? "left" : "right";

  var host = document.createElement("parley-chat");
  var root = host.attachShadow({ mode: "closed" });
  var style = new CSSStyleSheet();
  style.replaceSync(
    ":host{all:initial;position:fixed;inset:auto 0 0 auto;z-index:2147483000}" +
    "button{all:unset;box-sizing:border-box;position:fixed;bottom:max(20px,env(safe-area-inset-bottom));" + side + ":20px;width:60px;height:60px;border-radius:50%;background:oklch(.525 .1 168);color:#fff;display:grid;place-items:center;cursor:pointer;box-shadow:0 2px 6px #0003,0 8px 24px #0003;transition:scale .12s}" +
    "button:hover{scale:1.05}button:focus-visible{outline:3px solid #fff;outline-offset:-6px}" +
    "svg{width:27px;height:27px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}" +
    "b{position:absolute;top:-4px;right:-2px;min-width:22px;box-sizing:border-box;padding:0 6px;border-radius:11px;border:2px solid #fff;background:oklch(.56 .19 33);color:#fff;font:600 12px/18px system-ui,sans-serif;text-align:center}" +
    "p{all:unset;position:fixed;bottom:92px;" + side + ":20px;max-width:240px;padding:12px 14px;border-radius:14px;background:#fff;color:#222;font:14px/1.5 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif;box-shadow:0 6px 24px #0003;cursor:pointer;overflow-wrap:anywhere}" +
    "iframe{position:fixed;bottom:92px;" + side + ":20px;width:400px;max-width:calc(100vw - 40px);height:min(704px,calc(100dvh - 112px));border:0;border-radius:18px;background:#fff;color-scheme:normal;box-shadow:0 2px 6px #0002,0 18px 50px #0004}" +
    "[hidden]{display:none!important}" +
    "@media (max-width:600px){iframe{inset:0;width:100vw;max-width:none;height:100dvh;border-radius:0}.open button{display:none}}" +
    "@media (prefers-reduced-motion:reduce){button{transition:none}}"
  );
  root.adoptedStyleSheets = [style];

  var NS = "http://www.w3.org/2000/svg";
  function drawing(path) {
    var svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.appendChild(document.createElementNS(NS, "path")).setAttribute("d", path);
    return svg;
  }
  var box = root.appendChild(document.createElement("div"));
  var button = box.appendChild(document.createElement("button"));
  button.setAttribute("role", "button");
  button.tabIndex = 0;
  var bubble = button.appendChild(drawing("M4 5h16v11H9l-5 4z"));
  var cross = button.appendChild(drawing("M6 9.500l6 6 6-6"));
  var count = button.appendChild(document.createElement("b"));
  var preview = box.appendChild(document.createElement("p"));
  count.hidden = preview.hidden = true;
  cross.style.display = "none";

  var frame = null;
  var isOpen = false;
  var unread = 0;

  function tell(type) {
    if (frame && frame.contentWindow) frame.contentWindow.postMessage({ parley: type }, origin);
  }
  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = words.title;
    frame.allow = "clipboard-write";
    var query = new URLSearchParams({ frame: "1", origin: location.origin, locale: isChinese ? "zh-CN" : "en" });
    if (script.dataset.theme) query.set("theme", script.dataset.theme);
    frame.src = origin + "/chat/" + encodeURIComponent(shop) + "?" + query;
    frame.hidden = !isOpen;
    box.appendChild(frame);
  }
  function show() {
    button.setAttribute("aria-label", (isOpen ? words.close : words.open) + (unread && !isOpen ? " (" + unread + " " + words.unread + ")" : ""));
    button.setAttribute("aria-expanded", String(isOpen));
    bubble.style.display = isOpen ? "none" : "";
    cross.style.display = isOpen ? "" : "none";
    box.className = isOpen ? "open" : "";
    count.hidden = isOpen || unread === 0;
    count.textContent = unread > 99 ? "99+" : String(unread);
    if (isOpen) preview.hidden = true;
    if (frame) frame.hidden = !isOpen;
  }
  function toggle(next) {
    isOpen = next;
    if (isOpen) load();
    show();
    tell(isOpen ? "opened" : "folded");
    if (isOpen) frame.focus();
    else button.focus();
  }
  button.addEventListener("click", function () { toggle(!isOpen); });
  button.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle(!isOpen);
  });
  preview.addEventListener("click", function () { toggle(true); });
  addEventListener("message", function (event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
    var word = event.data.parley;
    if (word === "ready") tell(isOpen ? "opened" : "folded");
    if (word === "close") toggle(false);
    if (word === "unread") {
      unread = Number(event.data.count) || 0;
      try { if (event.data.known) localStorage.setItem(KEY, "1"); } catch (error) { /* a page without storage */ }
    }
    if (word === "message" && !isOpen) {
      preview.textContent = String(event.data.preview || "");
      preview.hidden = !preview.textContent;
    }
    show();
  });

  function start() {
    document.body.appendChild(host);
    show();
    var isKnown = false;
    try { isKnown = localStorage.getItem(KEY) === "1"; } catch (error) { /* a page without storage */ }
    if (isKnown) (window.requestIdleCallback || setTimeout)(load);
  }
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
