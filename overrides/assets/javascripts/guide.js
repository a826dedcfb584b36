// Wide tables and code scroll sideways: let the keyboard reach them.
addEventListener("load", () => {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) box.tabIndex = 0;
});
// Netlify asks the cookie nf_lang before Accept-Language: without it "/" would send a Chinese browser back to /zh/ for ever.
for (const link of document.querySelectorAll("a.md-select__link[hreflang]")) {
  link.addEventListener("click", () => {
    document.cookie = `nf_lang=${link.hreflang}; path=/; max-age=31536000; samesite=lax`;
  });
}
