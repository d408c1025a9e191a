// Builds modules without dependencies at run time. The first line of each names the sources that it was built from, so that
// a test can tell when somebody forgot to build (tests/pages/test_frontend.py computes the same).
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = dirname(fileURLToPath(import.meta.url));

function sources() {
  const found = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  const hash = createHash("sha256");
  for (const name of [...found, "package-lock.json", "vite.config.mjs"].sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(here, name))).update("\0");
  }
  return hash.digest("hex");
}

export default defineConfig({
  root: here,
  build: {
    target: "es2022",
    outDir: join(here, "..", "custom_components", "sunfuse", "frontend"),
    emptyOutDir: true,
    modulePreload: false,
    lib: {
      entry: { sunfuse: join(here, "src", "loader.ts"), "sunfuse-cards": join(here, "src", "index.ts") },
      formats: ["es"],
      fileName: (_format, name) => `${name}.js`,
    },
    rollupOptions: { output: { banner: `/* sources ${sources()} */` } },
  },
});
