import { cartInstance } from "@allium/testing/registry-suite";
import { expect, test } from "vitest";
import { folderOf, parentsOf, pathsOf } from "./node-paths.ts";

test("an instance has a node for each contract, and one where it has none", () => {
	const services = ["cart", "stock.v2", "cart"].map((name) => ({ name, version: "", hash: "" }));
	expect(pathsOf("/allium", cartInstance("a", { services }))).toEqual([
		"/allium/one/cart/a",
		"/allium/one/stock.v2/a",
	]);
	expect(pathsOf("/x/y", cartInstance("a", { services: [] }))).toEqual(["/x/y/one/%/a"]);
});

test("names that look like paths, or that ZooKeeper does not take, are encoded", () => {
	const odd = cartInstance("../a", { namespace: "..", services: [] });
	expect(pathsOf("/allium", odd)).toEqual(["/allium/%2E%2E/%/..%2Fa"]);
	expect(pathsOf("/allium", cartInstance("\u{d800}\u0000", { services: [] }))).toEqual([
		"/allium/one/%/%EF%BF%BD%00",
	]);
});

test("a filter means a folder", () => {
	expect(folderOf("/allium", {})).toEqual({ path: "/allium", depth: 3 });
	expect(folderOf("/allium", { service: "cart" })).toEqual({ path: "/allium", depth: 3 });
	expect(folderOf("/allium", { namespace: "a/b" })).toEqual({ path: "/allium/a%2Fb", depth: 2 });
	expect(folderOf("/allium", { namespace: "a", service: "cart" })).toEqual({
		path: "/allium/a/cart",
		depth: 1,
	});
});

test("the nodes above one are told from the top", () => {
	expect(parentsOf("/allium/one/cart/a")).toEqual(["/allium", "/allium/one", "/allium/one/cart"]);
	expect(parentsOf("/allium")).toEqual([]);
});
