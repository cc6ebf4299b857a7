// What pages gain where JavaScript runs: buttons that copy. Nothing here is needed to read or send.
"use strict";

function addCopyButtons(root) {
  const words = document.documentElement.lang.startsWith("zh") ? ["复制", "已复制"] : ["Copy", "Copied"];
  for (const item of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard || item.querySelector(".copy")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words[0];
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(item.dataset.copy);
      button.textContent = words[1];
      setTimeout(() => { button.textContent = words[0]; }, 2000);
    });
    item.append(button);
  }
}

document.addEventListener("DOMContentLoaded", () => addCopyButtons(document));

// Passkeys: a form with data-passkey asks for its question, lets the device answer, and is sent.
function bytesOf(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  const bytes = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function askPasskey(kind, options) {
  options.challenge = bytesOf(options.challenge);
  if (kind === "make") {
    options.user.id = bytesOf(options.user.id);
    return navigator.credentials.create({ publicKey: options });
  }
  options.allowCredentials = (options.allowCredentials || []).map((one) => ({ ...one, id: bytesOf(one.id) }));
  return navigator.credentials.get({ publicKey: options });
}

function answerOf(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = textOf(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: textOf(credential.rawId), type: credential.type, response,
    clientExtensionResults: {},
  });
}

async function sendWithPasskey(form) {
  const trouble = form.querySelector(".trouble");
  trouble.hidden = true;
  form.setAttribute("aria-busy", "true");
  try {
    const asked = await fetch(form.dataset.options, { method: "POST" });
    if (!asked.ok) throw new Error(String(asked.status));
    const credential = await askPasskey(form.dataset.passkey, await asked.json());
    form.elements.credential.value = answerOf(credential);
    form.submit();
  } catch {
    trouble.hidden = false;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  if (event.target.dataset.passkey) {
    event.preventDefault();
    sendWithPasskey(event.target);
  }
});

// A reviewer's time with a case: told while the page is in front of them.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-active]")?.dataset.active;
  if (!place) return;
  const tell = () => {
    if (document.visibilityState === "visible") fetch(place, { method: "POST" }).catch(() => {});
  };
  tell();
  setInterval(tell, 15000);
});
