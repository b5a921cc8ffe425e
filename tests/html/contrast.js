// Every text whose contrast with what is behind it is below WCAG's AA, as "ratio element: text".
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixel = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      // A box paints its ground with `::before`.
      for (const style of [getComputedStyle(e), e.matches(".box") ? getComputedStyle(e, "::before") : null]) {
        const color = style && pixel(style.backgroundColor);
        if (color && color[3] === 255) return color;
      }
    }
    throw new Error("the page has no ground");
  };
  const wrong = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.matches("script, .said")) continue;
    const [a, b] = [pixel(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) wrong.add(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
  }
  return [...wrong];
})();
