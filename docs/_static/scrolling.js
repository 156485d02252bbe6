// What scrolls sideways can be reached and moved by the keyboard, in every browser.
function reachScrolling() {
    for (const part of document.querySelectorAll("pre, .table-wrapper, .cell_output")) {
        if (part.scrollWidth > part.clientWidth) {
            part.tabIndex = 0;
        } else {
            part.removeAttribute("tabindex");
        }
    }
}
addEventListener("DOMContentLoaded", reachScrolling);
addEventListener("resize", reachScrolling);
