/**
 * Builds the panel: one HTML file with its style and script inside, and a content security policy
 * that lets exactly these two run. With --host, the page that the tests show it in.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const source = (name) => join(here, "src", name);
const OUTPUT = join(here, "../hostup_mcp/server/panel/recovery.html");
const LICENSES = join(here, "../hostup_mcp/server/panel/LICENSES.txt");
const MOST_BYTES = 150_000;

const usual = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none", // the whole texts stand in LICENSES.txt
  metafile: true,
  logLevel: "warning",
};

/** The npm packages whose code is in what was bundled so far. */
const packages = new Set();

async function bundle(options) {
  const { outputFiles, metafile } = await build({ ...usual, ...options });
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const file of Object.keys(inputs)) {
      const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
      if (found && inputs[file].bytesInOutput > 0) packages.add(found[1]);
    }
  }
  return outputFiles[0].text.trim();
}

/** The license texts of the packages whose code is in the panel. */
function licenses() {
  const texts = [...packages].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [file] = readdirSync(folder).filter((each) => /^licen[cs]e(\.|$)/i.test(each));
    if (file === undefined) throw new Error(`${name} has no license text`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  const rule = `\n${"-".repeat(80)}\n\n`;
  return ["recovery.html contains code of these packages.\n", ...texts].join(rule);
}

const digest = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

async function panel() {
  const script = await bundle({
    entryPoints: [source("main.ts")],
    minify: true,
    // The view library's own layers for HTTP, sign-in and validation are three times the size
    // that the panel may have; src/light has what it needs of them.
    alias: {
      "@modelcontextprotocol/client": source("light/protocol.ts"),
      "@modelcontextprotocol/core": source("light/core.ts"),
      "zod/v4": source("light/schema.ts"),
    },
    // It would otherwise write every message, plan tokens included, to the console.
    drop: ["console"],
  });
  const style = await bundle({ entryPoints: [source("style.css")], minify: true });
  if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error("markup inside the bundle");

  const library = JSON.parse(
    readFileSync(join(here, "node_modules/@modelcontextprotocol/ext-apps/package.json"), "utf8"),
  );
  const parts = {
    csp: [
      "default-src 'none'",
      `script-src ${digest(script)}`,
      `style-src ${digest(style)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; "),
    notice:
      `Built from panel/ in the sources of hostup-mcp (MIT). Contains ${library.name} ` +
      `${library.version} (Apache-2.0 and MIT), https://github.com/modelcontextprotocol/ext-apps`,
    style,
    script,
  };
  const html = readFileSync(source("panel.html"), "utf8").replace(
    /\{\{(\w+)\}\}/g,
    (_, name) => parts[name],
  );
  const size = Buffer.byteLength(html);
  if (size > MOST_BYTES) throw new Error(`${size} bytes; at most ${MOST_BYTES} are allowed`);
  return html;
}

const target = process.argv[2];
if (target === "--host") {
  const script = await bundle({ entryPoints: [join(here, "host/host.ts")], format: "esm" });
  process.stdout.write(script);
} else if (target === "--stdout") {
  process.stdout.write(await panel());
} else if (target === "--licenses") {
  await panel();
  process.stdout.write(licenses());
} else {
  const html = await panel();
  writeFileSync(OUTPUT, html);
  writeFileSync(LICENSES, licenses());
  console.log(`${OUTPUT}: ${Buffer.byteLength(html)} bytes`);
}
