// The page's own line icons, on a grid of 20 by 20.
const paths = {
  hash: "M7.6 3 6 17M14 3l-1.6 14M3.6 7.4h13.2M3.2 12.6h13.2",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  people: "M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2.5 16c.4-3 2.3-4.6 5-4.6s4.6 1.6 5 4.6M13 4.2a2.7 2.7 0 0 1 0 5.2M14.5 11.7c1.7.5 2.8 2 3 4.3",
  thread: "M3 4.5h14v9H9.5L6 16.5v-3H3zM6.5 7.8h7M6.5 10.4h4.5",
  smile: "M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4zM7 11.6c.6 1.5 1.7 2.2 3 2.2s2.4-.7 3-2.2M7.6 8v.1M12.4 8v.1",
  more: "M10 5v.1M10 10v.1M10 15v.1",
  dots: "M5 10h.1M10 10h.1M15 10h.1",
  pin: "M12 3l5 5-2.2.6-3 3 .2 3.4-1.5 1L6 11.5 4.9 10.4l1-1.5 3.4.2 3-3zM7.5 12.5 3 17",
  pencil: "M4 16l.7-3.2L13 4.5l2.5 2.5-8.3 8.3zM11.5 6l2.5 2.5",
  trash: "M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5 6.2 16.5h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1",
  close: "M5 5l10 10M15 5 5 15",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
  sun: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2.5v1.7M10 15.8v1.7M2.5 10h1.7M15.8 10h1.7M4.7 4.7l1.2 1.2M14.1 14.1l1.2 1.2M15.3 4.7l-1.2 1.2M5.9 14.1l-1.2 1.2",
  moon: "M16 11.7A6.5 6.5 0 0 1 8.3 4 6.5 6.5 0 1 0 16 11.7z",
  auto: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14M10 5.5l4 0M10 8.5h6M10 11.5h6M10 14.5h4",
  bolt: "M11 2.5 4.5 11.5h4.7L8.5 17.5l7-9h-4.8z",
  send: "M3.5 4 17 10 3.5 16l1.7-6zM5.2 10H11",
  plus: "M10 4v12M4 10h12",
  at: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM13 10v1.2c0 2.6 4 2.2 4-1.2a7 7 0 1 0-2.9 5.7",
  eye: "M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  down: "M5.5 8l4.5 4.5L14.5 8",
  right: "M8 5.5l4.5 4.5L8 14.5",
  left: "M12 5.5 7.5 10l4.5 4.5",
  bottom: "M10 4v11M5.5 10.5 10 15l4.5-4.5",
  check: "M4.5 10.5l3.8 3.8 7.2-8.3",
  file: "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15M7.5 10h5M7.5 13h5",
  download: "M10 3.5v9M6 9l4 4 4-4M4 16.5h12",
  traffic: "M3 6h10M10 3l3 3-3 3M17 14H7M10 11l-3 3 3 3",
  guide: "M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4zM13 7l-1.7 4.3L7 13l1.7-4.3z",
  home: "M3.5 9.5 10 4l6.5 5.5M5.5 8.5v8h9v-8",
  clip: "M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6-6a2 2 0 0 1 2.9 2.9l-5.6 5.6a1 1 0 0 1-1.4-1.4l4.7-4.7",
  warning: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.2v.1",
  bookmark: "M5.5 3h9v14L10 13.5 5.5 17z",
  video: "M3 5.5h14v9H3zM8.5 8l3.5 2-3.5 2z",
};

const space = "http://www.w3.org/2000/svg";

// icon draws one; it is decoration, the name belongs to the element around it.
export function icon(name, extra = "") {
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon " + extra);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
