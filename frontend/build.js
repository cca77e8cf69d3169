// Bundles the scripts and the style sheet of the live network, and the script of the pages of `autograder review`, into
// the Python package, each with the licences of what they contain.
//
//   node build.js           writes the files
//   node build.js --check   compares them, byte for byte, with those that are there

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const LIVE = path.join(HERE, "../autograder/live/static");
const REVIEW = path.join(HERE, "../autograder/review/static");
/** @satisfies {import("esbuild").BuildOptions} */
const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  charset: /** @type {const} */ ("utf8"),
  legalComments: /** @type {const} */ ("eof"), // a page that somebody hands on carries the copyright notices, too
  logLevel: /** @type {const} */ ("error"),
  metafile: /** @type {const} */ (true),
  minify: true,
  target: "es2020",
  write: /** @type {const} */ (false),
};

const bundles = [
  { ...COMMON, outdir: LIVE, entryPoints: ["src/page.js"], format: /** @type {const} */ ("iife") },
  { ...COMMON, outdir: LIVE, entryPoints: ["src/widget.js", "src/live.css"], format: /** @type {const} */ ("esm") },
  { ...COMMON, outdir: REVIEW, entryPoints: ["src/review.js"], format: /** @type {const} */ ("iife") },
];
const [page, widget, review] = await Promise.all(bundles.map((options) => build(options)));
const files = new Map(
  [page, widget, review].flatMap(({ outputFiles }) => outputFiles.map((file) => [file.path, file.text])),
);
files.set(path.join(LIVE, "THIRD_PARTY_LICENSES.txt"), licences("page.js", packages([page, widget])));
files.set(path.join(REVIEW, "THIRD_PARTY_LICENSES.txt"), licences("review.js", packages([review])));

if (process.argv.includes("--check")) {
  const stale = [...files].filter(([name, text]) => !existsSync(name) || readFileSync(name, "utf8") !== text);
  if (stale.length > 0) {
    console.error(
      `${stale.map(([name]) => path.relative(".", name)).join(", ")}: not what the sources give. Run \`make frontend\`.`,
    );
    process.exitCode = 1;
  }
} else {
  for (const [name, text] of files) writeFileSync(name, text);
}

/**
 * The packages of which the bundles contain code.
 *
 * @param {{ metafile: import("esbuild").Metafile }[]} results
 * @returns {string[]}
 */
function packages(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const names = inputs.map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined).sort();
}

/**
 * Each licence's text once, below the packages that are under it.
 *
 * @param {string} script that contains them
 * @param {string[]} names
 */
function licences(script, names) {
  /** @type {Map<string, string[]>} */
  const under = new Map();
  for (const name of names) {
    const { version, license } = JSON.parse(readFileSync(`${HERE}/node_modules/${name}/package.json`, "utf8"));
    const text = licence(name, license);
    under.set(text, [...(under.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...under].map(([text, holders]) => `${holders.join("\n")}\n\n${text}\n`);
  return `${script} contains code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/**
 * @param {string} name
 * @param {string} license as the package names it
 * @returns {string}
 */
function licence(name, license) {
  const folder = path.join(HERE, "node_modules", name);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file) return trimmed(readFileSync(path.join(folder, file), "utf8"));
  const [, section] = readFileSync(path.join(folder, "README.md"), "utf8").split(/^LICENSE \(MIT\)\n-+\n/m);
  if (section) return trimmed(section);
  // TensorFlow.js's packages name the licence and leave its text out.
  if (license === "Apache-2.0") return licence("long", license);
  throw new Error(`${folder} has no licence text`);
}

/** @param {string} text */
function trimmed(text) {
  return text.replace(/^\s*\n/, "").trimEnd();
}
