/** Elements made from plain data. Text goes in as text nodes only; nothing here parses markup. */

export type Child = Node | string | null | false | undefined;

export interface Attributes {
  class?: string;
  id?: string;
  onclick?: () => void;
  onchange?: () => void;
  onkeydown?: (event: KeyboardEvent) => void;
  [name: string]: string | boolean | undefined | (() => void) | ((event: KeyboardEvent) => void);
}

/** An element with attributes (true: present, false: absent), listeners (`on…`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (typeof value === "string") {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child instanceof Node || typeof child === "string"));
  return element;
}

/** A small picture from one path, for the eye only. */
export function icon(path: string): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  check: "M5 12.5l4.6 4.6L19.2 7.5",
  pause: "M9 6.5v11M15 6.5v11",
  question: "M8.8 9.2a3.3 3.3 0 1 1 4.7 3c-1 .5-1.5 1.1-1.5 2.3M12 18v.1",
  cross: "M7 7l10 10M17 7L7 17",
  hourglass: "M12 7v5.2l3.2 2M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0z",
} as const;
