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
