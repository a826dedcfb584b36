// Wide tables scroll sideways: let the keyboard reach them. The buttons of a code block are a landmark: name it after the file.
addEventListener("load", () => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) box.tabIndex = 0;
  for (const nav of document.querySelectorAll("[data-snippet] nav.md-code__nav")) {
    nav.setAttribute("aria-label", nav.closest("[data-snippet]").dataset.snippet);
  }
});
// Netlify asks the cookie nf_lang before Accept-Language: without it "/" would send a Chinese browser back to /zh/ for ever.
for (const link of document.querySelectorAll("a.md-select__link[hreflang]")) {
  link.addEventListener("click", () => {
    document.cookie = `nf_lang=${link.hreflang}; path=/; max-age=31536000; samesite=lax`;
  });
}
