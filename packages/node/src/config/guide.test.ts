import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseFile } from "../static-registry/service-addresses.ts";
import { openRegistry } from "./open-registry.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** Variables between Allium's own processes, which nobody sets by hand. */
const internal = ["ALLIUM_DEV_PARENT"];

/** Variables of packages for development. */
const elsewhere = /^ALLIUM_(SEED|TELEMETRY)$/;

function variablesIn(files: readonly string[]): string[] {
	const texts = files.map((file) => readFileSync(join(root, file), "utf8"));
	return [...new Set(texts.flatMap((text) => text.match(/\bALLIUM_[A-Z]+(?:_[A-Z]+)*\b/g) ?? []))].sort();
}

test("the guide to configuration lists every variable that is read, and no other", () => {
	const sources = globSync("packages/{node,gateway,cli}/src/**/*.ts", { cwd: root }).filter(
		(file) => !/\.test\.ts$|\/fixtures\//.test(file),
	);
	const read = variablesIn(sources).filter((name) => !internal.includes(name) && !elsewhere.test(name));
	expect(variablesIn(["docs/guide/configuration.md"])).toEqual(read);
});

test("the guide's examples of static registries are read", async () => {
	const guide = readFileSync(join(root, "docs/guide/configuration.md"), "utf8");
	const [, listed = ""] = /`(static:orders=[^`]+)`/.exec(guide) ?? [];
	const [, file = ""] = /`(\{ "orders": [^`]+)`/.exec(guide) ?? [];
	const registry = await openRegistry(listed);
	expect((await registry.list()).flatMap(({ addresses }) => addresses)).toHaveLength(3);
	expect([...parseFile(file).keys()]).toEqual(["orders", "stock"]);
	await registry.close();
});
