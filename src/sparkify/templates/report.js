// Draws each chart twice: in the colours and the width of the screen, and, light and as wide as a page, for paper.
(function () {
  "use strict";

  const configurations = JSON.parse(document.getElementById("configurations").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const charts = Array.from(document.querySelectorAll("figure[data-chart]"), function (figure) {
    return {
      specification: JSON.parse(document.getElementById(figure.dataset.chart).textContent),
      screen: figure.querySelector(".chart.screen"),
      paper: figure.querySelector(".chart.paper"),
      drawn: null,
    };
  });

  async function draw(chart, place, theme) {
    const options = {
      mode: "vega-lite",
      config: configurations[theme],
      renderer: "svg",
      actions: false,
      ast: true, // expressions are interpreted: the page's policy allows no eval
      tooltip: { theme: theme },
    };
    const specification = structuredClone(chart.specification);
    if (specification.projection) { // a globe is about twice as wide as high; below it is the legend
      specification.height = Math.min(specification.height, Math.round(place.clientWidth / 2));
    }
    try {
      return await vegaEmbed(place, specification, options);
    } catch (error) {
      place.textContent = "This chart cannot be drawn; the table has its values.";
      console.error(error);
      return null;
    }
  }

  async function drawAll() {
    for (const chart of charts) {
      if (chart.drawn) {
        chart.drawn.finalize();
      }
      chart.drawn = await draw(chart, chart.screen, dark.matches ? "dark" : "light");
    }
  }

  async function drawPaper() {
    for (const chart of charts) {
      await draw(chart, chart.paper, "light");
    }
  }

  // One round of drawing after the other, however often the colours change.
  let last = drawAll().then(drawPaper);
  dark.addEventListener("change", function () { last = last.then(drawAll); });
})();
