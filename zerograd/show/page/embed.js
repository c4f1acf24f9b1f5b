// ?embed: the page as a part of another one, without header and footer, as high as what it shows.
"use strict";

if (new URLSearchParams(location.search).has("embed")) document.documentElement.classList.add("embedded");
