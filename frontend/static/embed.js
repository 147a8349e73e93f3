/* Parley's loader: <script async src="https://…/embed.js" data-shop="m1"></script>
   Adds one element to the page, in a closed shadow root, and changes nothing else. The chat itself is a page of ours in a
   frame, made on the first opening. Before this file is there, calls may be queued:
     <script>window.parley = window.parley || function () { (parley.q = parley.q || []).push(arguments) }</script>
   Optional: data-locale, data-theme, data-side="start". docs/widget.md has every call. */
(function () {
  "use strict";
  var script = document.currentScript;
  var shop = script && script.dataset.shop;
  if (!shop || document.querySelector("parley-chat")) return;
  var origin = new URL(script.src).origin;
  var KNOWN = "parley." + shop; // this browser has talked with the shop, so that unread numbers are worth a frame
  var LOOK = "parley.look." + shop; // the look of the last visit, so that the launcher need not wait for the network
  var KEPT = "parley.kept." + shop;
  var MOST_KEPT = 200000; // characters
  var MOST_PREVIEWS = 3;
  var LOOK_MS = 3000; // then the launcher appears as it is, whatever the network does
  var early = (window.parley && window.parley.q) || [];
  var set = { language: script.dataset.locale, theme: script.dataset.theme, side: script.dataset.side, page: null };
  var look = {};
  var token = null;
  var frame = null;
  var isHeard = false; // the frame has asked for its state: what it is told arrives
  var waiting = [];
  var isOpen = false;
  var isShown = true;
  var isReady = false;
  var isLeaving = false; // logged out, and the frame does not know yet
  var count = 0;
  var previews = [];
  var listeners = {};
  var undo = [];

  function stored(key, value) {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch (error) { /* a page without storage */ }
    return null;
  }
  function later(run) { (window.requestIdleCallback || setTimeout)(run); }
  function listen(target, type, run) {
    target.addEventListener(type, run);
    undo.push(function () { target.removeEventListener(type, run); });
  }
  function emit(name, value) {
    (listeners[name] || []).slice().forEach(function (fn) {
      try { fn(value); } catch (error) { setTimeout(function () { throw error; }); }
    });
  }

  var TEXTS = {
    en: { open: "Open the chat", close: "Close the chat", title: "Chat with us", unread: "unread", hide: "Hide", news: "New messages" },
    zh: { open: "打开对话", close: "收起对话", title: "在线客服", unread: "条未读", hide: "收起", news: "新消息" },
  };
  function isChinese() {
    var asked = String(set.language || document.documentElement.lang || navigator.language || "en").toLowerCase();
    var mine = asked.indexOf("zh") === 0 ? "zh-CN" : "en";
    return (look.languages && look.languages.indexOf(mine) < 0 ? look.languages[0] : mine) === "zh-CN";
  }
  function words() { return isChinese() ? TEXTS.zh : TEXTS.en; }

  var host = document.createElement("parley-chat");
  var root = host.attachShadow({ mode: "closed" });
  var sheet = new CSSStyleSheet();
  root.adoptedStyleSheets = [sheet];
  function dress() {
    var side = (set.side || look.position) === "start" ? "left" : "right";
    var edge = side + ":max(20px,env(safe-area-inset-" + side + "))";
    var isDark = (set.theme || look.theme) === "dark" || ((set.theme || look.theme || "auto") === "auto" && matchMedia("(prefers-color-scheme:dark)").matches);
    var paper = isDark ? "#1d2324" : "#fff", ink = isDark ? "#eceae4" : "#26241f", quiet = isDark ? "#b6b2a8" : "#67635a";
    sheet.replaceSync(
      ":host{all:initial;position:fixed;inset:auto 0 0 auto;z-index:2147483000;font:14px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}" +
      "button{all:unset;box-sizing:border-box;cursor:pointer}button:focus-visible{outline:3px solid " + ink + ";outline-offset:2px;box-shadow:0 0 0 2px " + paper + "}" +
      ".launcher{position:fixed;bottom:max(20px,env(safe-area-inset-bottom));" + edge + ";min-width:60px;height:60px;border-radius:30px;background:" + (look.color || "#16765a") + ";color:" + (look.on_color || "#fff") + ";display:flex;align-items:center;justify-content:center;gap:10px;padding:0 16px;font-weight:600;font-size:15px;box-shadow:0 2px 6px #0003,0 8px 24px #0003;transition:scale .12s}" +
      ".launcher:hover{scale:1.04}svg{width:27px;height:27px;flex:none;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}" +
      "b{position:absolute;top:-5px;" + side + ":-3px;min-width:23px;box-sizing:border-box;padding:0 6px;border-radius:12px;border:2px solid #fff;background:#c2341d;color:#fff;font:600 12px/19px system-ui,sans-serif;text-align:center}" +
      ".news{position:fixed;bottom:calc(max(20px,env(safe-area-inset-bottom)) + 72px);" + edge + ";display:grid;gap:8px;width:min(270px,calc(100vw - 40px));justify-items:" + (side === "left" ? "start" : "end") + "}" +
      ".news .one{padding:11px 14px;border-radius:14px;background:" + paper + ";color:" + ink + ";box-shadow:0 6px 24px #0003;overflow-wrap:anywhere;max-width:100%}" +
      ".one i{display:block;font-style:normal;font-size:12px;color:" + quiet + "}.one span{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}" +
      ".hide{width:28px;height:28px;border-radius:50%;display:grid;place-items:center;background:" + paper + ";color:" + quiet + ";box-shadow:0 2px 8px #0003}.hide svg{width:15px;height:15px}" +
      ".panel{position:fixed;bottom:calc(max(20px,env(safe-area-inset-bottom)) + 72px);" + edge + ";width:400px;max-width:calc(100vw - 40px);height:min(704px,calc(100dvh - 112px));border-radius:18px;overflow:hidden;background:" + paper + ";box-shadow:0 2px 6px #0002,0 18px 50px #0004;animation:come .14s ease-out}" +
      "iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}[hidden]{display:none!important}@keyframes come{from{opacity:0;translate:0 8px}}" +
      "@media (max-width:599px){.panel{inset:0;width:100vw;max-width:none;height:100dvh;border-radius:0}.open .launcher{display:none}.launcher .text{display:none}}" +
      "@media (prefers-reduced-motion:reduce){.launcher{transition:none}.panel{animation:none}}@media print{:host{display:none}}"
    );
  }
  var NS = "http://www.w3.org/2000/svg";
  function drawing(path) {
    var svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.appendChild(document.createElementNS(NS, "path")).setAttribute("d", path);
    return svg;
  }
  function add(parent, tag, name) {
    var node = parent.appendChild(document.createElement(tag));
    if (name) node.className = name;
    if (tag === "button") node.type = "button";
    return node;
  }
  var box = add(root, "div");
  var news = add(box, "div", "news");
  news.setAttribute("role", "status");
  var panel = add(box, "div", "panel");
  panel.setAttribute("role", "dialog");
  var launcher = add(box, "button", "launcher");
  var bubble = launcher.appendChild(drawing("M4 5h16v11H9l-5 4z"));
  var cross = launcher.appendChild(drawing("M6 9.5l6 6 6-6"));
  var text = add(launcher, "span", "text");
  var badge = add(launcher, "b");

  function draw() {
    var said = words();
    launcher.setAttribute("aria-label", (isOpen ? said.close : look.launcher_text || said.open) + (count && !isOpen ? " (" + count + " " + said.unread + ")" : ""));
    launcher.setAttribute("aria-expanded", String(isOpen));
    launcher.hidden = !isShown;
    bubble.style.display = isOpen ? "none" : "";
    cross.style.display = isOpen ? "" : "none";
    text.textContent = look.launcher_text || "";
    text.hidden = isOpen || !look.launcher_text;
    badge.hidden = isOpen || count === 0;
    badge.textContent = count > 99 ? "99+" : String(count);
    box.className = isOpen ? "open" : "";
    panel.hidden = !isOpen;
    panel.setAttribute("aria-label", said.title);
    news.setAttribute("aria-label", said.news);
    news.hidden = isOpen || !isShown || previews.length === 0;
    news.replaceChildren();
    if (news.hidden) return;
    var hide = add(news, "button", "hide");
    hide.appendChild(drawing("M6 6l12 12M18 6L6 18"));
    hide.setAttribute("aria-label", said.hide);
    hide.onclick = function () { previews = []; draw(); launcher.focus(); };
    previews.forEach(function (one) {
      var card = add(news, "button", "one");
      add(card, "i").textContent = one.name;
      add(card, "span").textContent = one.text;
      card.onclick = function () { toggle(true, one.conversation); };
    });
  }

  function leave() { isLeaving = false; post({ parley: "logout" }); }
  function post(message) { frame.contentWindow.postMessage(message, origin); }
  function tell(message) {
    if (frame && isHeard) post(message);
    else if (message.parley === "send") waiting.push(message);
  }
  function page() {
    var own = set.page || {};
    return { url: String(own.url || location.href), title: String(own.title || document.title), referrer: document.referrer };
  }
  function parsed(text) {
    try { return JSON.parse(text); } catch (error) { return null; }
  }
  function state() { return { parley: "hello", kept: parsed(stored(KEPT)), isOpen: isOpen, token: token, page: page(), theme: set.theme || "" }; }
  function source() {
    var query = new URLSearchParams({ frame: "1", origin: location.origin, locale: isChinese() ? "zh-CN" : "en" });
    if (set.theme === "light" || set.theme === "dark") query.set("theme", set.theme);
    return origin + "/chat/" + encodeURIComponent(shop) + "?" + query;
  }
  function load() {
    if (frame || !host.isConnected) return;
    frame = document.createElement("iframe");
    frame.title = words().title;
    frame.allow = "clipboard-write; autoplay";
    frame.src = source();
    panel.appendChild(frame);
  }
  function reload() {
    if (!frame) return;
    frame.remove();
    frame = null;
    isHeard = false;
    load();
  }
  function toggle(next, conversation) {
    if (next === isOpen) return;
    isOpen = next;
    var wasInside = root.activeElement === frame || root.activeElement === launcher;
    if (isOpen) { previews = []; load(); }
    draw();
    tell({ parley: isOpen ? "opened" : "folded", conversation: conversation || "" });
    if (isOpen) frame.focus();
    else if (wasInside || document.activeElement === host) launcher.focus();
    emit(isOpen ? "open" : "close");
  }

  var heard = {
    hello: function () {
      isHeard = true;
      if (isLeaving) leave();
      post(state());
      waiting.splice(0).forEach(post);
      if (isOpen && document.activeElement === host) frame.focus(); // the first focus was lost with the empty page
    },
    close: function () { toggle(false); launcher.focus(); },
    unread: function (said) {
      var next = Number(said.count) || 0;
      if (said.known) stored(KNOWN, "1");
      if (next === 0) previews = [];
      if (next !== count) { count = next; emit("unread", count); }
    },
    keep: function (said) { // where the browser gives a frame no storage, the page's own keeps what the frame knows
      var text = JSON.stringify(said.values || {});
      if (text.length < MOST_KEPT) stored(KEPT, text);
    },
    refused: function (said) { console.warn("parley: identify was refused: " + said.reason); },
    message: function (said) {
      var one = { name: String(said.name || ""), text: String(said.text || ""), conversation: String(said.conversation || "") };
      if (!isOpen && one.text) previews = previews.concat(one).slice(-MOST_PREVIEWS);
      emit("message", one);
    },
  };
  listen(window, "message", function (event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
    var answer = Object.prototype.hasOwnProperty.call(heard, event.data.parley) && heard[event.data.parley];
    if (!answer) return;
    answer(event.data);
    draw();
  });
  listen(root, "keydown", function (event) { if (event.key === "Escape" && isOpen) toggle(false); });
  launcher.onclick = function () { toggle(!isOpen); };

  // Pages that change without loading: watched, not wrapped, so that the page's own history stays untouched.
  var seen = location.href;
  function visit() {
    if (location.href === seen) return;
    seen = location.href;
    setTimeout(function () { tell({ parley: "page", page: page() }); }, 300); // by then the new title is there
  }
  ["popstate", "hashchange"].forEach(function (type) { listen(window, type, visit); });
  if (window.navigation && navigation.addEventListener) listen(navigation, "currententrychange", visit);
  else undo.push(clearInterval.bind(null, setInterval(visit, 1000)));

  var calls = {
    open: function () { toggle(true); },
    close: function () { toggle(false); },
    toggle: function () { toggle(!isOpen); },
    show: function () { isShown = true; draw(); },
    hide: function () { toggle(false); isShown = false; draw(); },
    unread: function () { return count; },
    identify: function (who) {
      token = who && typeof who.token === "string" ? who.token : null;
      if (!token) return;
      if (frame) tell({ parley: "identify", token: token });
      else later(load);
    },
    logout: function () {
      token = null;
      isLeaving = true;
      count = 0;
      previews = [];
      stored(KNOWN, "0");
      load(); // what the customer's session left in this browser is the frame's to forget
      if (isHeard) leave();
      draw();
    },
    set: function (values) {
      var language = isChinese();
      Object.keys(values || {}).forEach(function (name) { if (name in set) set[name] = values[name]; });
      dress();
      draw();
      if (language !== isChinese()) reload();
      else tell({ parley: "set", theme: set.theme || "", page: page() });
    },
    on: function (name, fn) {
      if (typeof fn !== "function") return;
      (listeners[name] = listeners[name] || []).push(fn);
      if (name === "ready" && isReady) fn();
    },
    send: function (words) {
      if (!words || typeof words !== "string") return;
      load();
      tell({ parley: "send", text: words });
      toggle(true);
    },
    destroy: function () {
      undo.splice(0).forEach(function (run) { run(); });
      host.remove();
      frame = null;
      listeners = {};
      delete window.parley;
    },
  };
  function call(name) {
    if (!isReady && name !== "on" && name !== "unread" && name !== "set" && name !== "destroy") return void early.push(arguments);
    if (!Object.prototype.hasOwnProperty.call(calls, name)) return void console.warn("parley: there is no call “" + name + "”");
    return calls[name].apply(null, [].slice.call(arguments, 1));
  }
  window.parley = call;

  function start(found) {
    if (isReady || window.parley !== call) return;
    look = found || look;
    var kept = early.splice(0);
    function run(areListeners) {
      kept.forEach(function (one) { if ((one[0] === "on") === areListeners) call.apply(null, one); });
    }
    run(true); // who listens hears "ready" once, and before anything else
    isReady = true;
    dress();
    draw();
    document.body.appendChild(host);
    if (stored(KNOWN) === "1" || token) later(load);
    emit("ready");
    run(false);
  }
  function begin() {
    var kept = parsed(stored(LOOK));
    if (kept && typeof kept === "object") start(kept);
    setTimeout(start, LOOK_MS);
    fetch(origin + "/api/v1/shops/" + encodeURIComponent(shop) + "/widget", { credentials: "omit" })
      .then(function (answer) { if (!answer.ok) throw new Error(); return answer.json(); })
      .then(function (found) {
        stored(LOOK, JSON.stringify(found));
        look = found;
        if (isReady) { dress(); draw(); } else start(found);
      })
      .catch(function () { start(); });
  }
  if (document.body) begin();
  else listen(document, "DOMContentLoaded", begin);
})();
