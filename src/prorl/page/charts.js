"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const themed = (value, key) => {
    if (typeof value === "string") {
      if (value.startsWith("--")) return colour(value);
      if (key === "colorscale" && value === "heat") return [[0, colour("--heat-0")], [1, colour("--heat-1")]];
      return value;
    }
    if (Array.isArray(value)) return value.map((item) => themed(item));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, themed(v, k)]));
    }
    return value;
  };
  const draw = (element) => {
    const chart = charts[element.dataset.chart];
    const narrow = window.innerWidth < 720;
    const axis = { gridcolor: colour("--grid"), zerolinecolor: colour("--grid"), linecolor: colour("--line"), automargin: true, fixedrange: narrow };
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colour("--quiet"), size: 12, family: "system-ui, sans-serif" },
      margin: { l: 44, r: 12, t: 22, b: 38 }, hovermode: "closest", dragmode: narrow ? false : "zoom",
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1.09, yanchor: "bottom", traceorder: "normal" },
      hoverlabel: { bgcolor: colour("--panel"), bordercolor: colour("--line"), font: { color: colour("--text") } },
      ...themed(chart.layout),
    };
    layout.xaxis = { ...axis, ...layout.xaxis };
    layout.yaxis = { ...axis, ...layout.yaxis };
    return Plotly.react(element, themed(chart.data), layout, { responsive: true, displaylogo: false, displayModeBar: false });
  };
  const all = () => Promise.all([...document.querySelectorAll("[data-chart]")].map(draw));
  for (const select of document.querySelectorAll("select[data-chooses]")) {
    const shown = document.getElementById(select.dataset.chooses);
    select.value = shown.dataset.chart;
    const note = shown.closest("figure").querySelector(".note");
    select.addEventListener("change", () => {
      shown.dataset.chart = select.value;
      if (note) note.textContent = charts[select.value].caption;
      draw(shown);
    });
  }
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  all().then(() => { document.documentElement.dataset.drawn = "yes"; });
})();
