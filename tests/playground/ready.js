// Waits until the plan for what is there is shown, or what the page says instead.
new Promise((done) => {
  const look = () => {
    const last = (name) => performance.getEntriesByName(name).at(-1)?.startTime ?? -1;
    const isPlanned = last("planned") >= 0 && last("planned") >= last("edit");
    if (isPlanned || document.querySelector("#diff .failure")) requestAnimationFrame(() => setTimeout(done, 0, true));
    else setTimeout(look, 5);
  };
  look();
})
