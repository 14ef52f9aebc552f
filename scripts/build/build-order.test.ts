import { expect, test } from "vitest";
import type { Workspace } from "../workspace/workspaces.ts";
import { buildOrder } from "./build-order.ts";

function workspace(name: string, ...needs: string[]): Workspace {
	const dependencies = Object.fromEntries(needs.map((need) => [need, "1"]));
	return { name, folder: `packages/${name}`, manifest: { name, dependencies } };
}

const names = (all: Workspace[]) => buildOrder(all).map(({ name }) => name);

test("a package comes after what it needs", () => {
	const all = [workspace("allium", "node", "core"), workspace("node", "core", "undici"), workspace("core")];
	expect(names(all)).toEqual(["core", "node", "allium"]);
});

test("a circle is an error that shows it", () => {
	const all = [workspace("a", "b"), workspace("b", "c"), workspace("c", "b")];
	expect(() => names(all)).toThrow("b → c → b");
});
