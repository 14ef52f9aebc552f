import { describe, expect, test } from "vitest";
import { parseTemplate, relate } from "./path-template.ts";
import { Router } from "./router.ts";

function router(...paths: string[]): Router<string> {
	const made = new Router<string>();
	for (const path of paths) made.add("GET", path, path, path);
	return made;
}

function found(made: Router<string>, path: string): [string, Record<string, string>] | undefined {
	const match = made.find("GET", path);
	return match && [match.value, Object.fromEntries(match.parameters)];
}

describe("specific beats general, in whatever order they were added", () => {
	const paths = ["/{rest+}", "/matches/{id}", "/matches/new", "/{kind}/{id}", "/matches/{id}/moves", "/"];

	test.each([paths, paths.toReversed()])("%s …", (...order) => {
		const made = router(...order);
		expect(found(made, "/")).toEqual(["/", {}]);
		expect(found(made, "/matches/new")).toEqual(["/matches/new", {}]);
		expect(found(made, "/matches/7")).toEqual(["/matches/{id}", { id: "7" }]);
		expect(found(made, "/matches/new/moves")).toEqual(["/matches/{id}/moves", { id: "new" }]);
		expect(found(made, "/games/7")).toEqual(["/{kind}/{id}", { kind: "games", id: "7" }]);
		expect(found(made, "/matches")).toEqual(["/{rest+}", { rest: "matches" }]);
		expect(found(made, "/matches/7/players/2")).toEqual(["/{rest+}", { rest: "matches/7/players/2" }]);
	});
});

describe("a path", () => {
	test("is decoded after it was taken apart", () => {
		const made = router("/files/{name}", "/ab/{x}");
		expect(found(made, "/files/a%2Fb%20c")).toEqual(["/files/{name}", { name: "a/b c" }]);
		expect(found(made, "/%61b/1")).toEqual(["/ab/{x}", { x: "1" }]);
	});

	test.each(["/files", "/files/", "/files/a/", "/files//", "//a", "", "files/a", "/files/%", "/files/%ff"])(
		"that does not fit matches nothing: %j",
		(path) => expect(found(router("/files/{name}"), path)).toBeUndefined(),
	);

	test("of hostile length costs no more than the templates", () => {
		const made = router("/a/a/a/a", "/a/{b}/{c}/{d}/{e}");
		expect(found(made, "/a".repeat(8_000))).toBeUndefined();
	});

	test("may be named like a property of every object", () => {
		const made = router("/{name}/constructor");
		expect(found(made, "/__proto__/constructor")).toEqual(["/{name}/constructor", { name: "__proto__" }]);
		expect(found(made, "/a/toString")).toBeUndefined();
	});
});

describe("verbs", () => {
	const made = router("/matches/{id}");
	made.add("POST", "/matches", "matches/create", "create");
	made.add("DELETE", "/matches/{name}", "matches/remove", "remove");

	test("have templates of their own", () => {
		expect(made.find("DELETE", "/matches/7")?.value).toBe("remove");
		expect(made.find("PUT", "/matches/7")).toBeUndefined();
		expect(made.find("constructor", "/matches/7")).toBeUndefined();
	});

	test("of a path are told, HEAD with GET", () => {
		expect(made.verbs("/matches/7")).toEqual(["GET", "HEAD", "DELETE"]);
		expect(made.verbs("/matches")).toEqual(["POST"]);
		expect(made.verbs("/nothing")).toEqual([]);
		expect(made.find("HEAD", "/matches/7")?.value).toBe("/matches/{id}");
	});
});

describe("how templates relate", () => {
	test.each([
		["/a", "/b", "disjoint"],
		["/a", "/a/{x}", "disjoint"],
		["/{r+}", "/", "disjoint"],
		["/a/{x}", "/a/{y}", "same"],
		["/{x+}", "/{y+}", "same"],
		["/a/new", "/a/{x}", "more"],
		["/a/{x}", "/{y}/{z}", "more"],
		["/{x}", "/{r+}", "more"],
		["/a/{r+}", "/{r+}", "more"],
		["/{x}/{y}", "/{r+}", "more"],
		["/a/{x}", "/{y}/b", "overlap"],
		["/a/{r+}", "/{x}/b", "overlap"],
	] as const)("%s beside %s: %s", (one, other, relation) => {
		const mirrored = { more: "less", less: "more" }[relation as string] ?? relation;
		expect(relate(parseTemplate(one), parseTemplate(other))).toBe(relation);
		expect(relate(parseTemplate(other), parseTemplate(one))).toBe(mirrored);
	});
});

describe("a template that is taken out", () => {
	test("is found no more, and what it stood before is", () => {
		const made = router("/a/{x}", "/a/b", "/{rest+}");
		made.remove("GET", "/a/b");
		expect(found(made, "/a/b")).toEqual(["/a/{x}", { x: "b" }]);
		made.remove("GET", "/a/{x}");
		expect(found(made, "/a/b")).toEqual(["/{rest+}", { rest: "a/b" }]);
		made.remove("GET", "/{rest+}");
		expect(found(made, "/a/b")).toBeUndefined();
		expect(made.verbs("/a/b")).toEqual([]);
		expect(made.values()).toEqual([]);
	});

	test("leaves what goes on from it", () => {
		const made = router("/a", "/a/b");
		made.remove("GET", "/a");
		expect(found(made, "/a/b")).toEqual(["/a/b", {}]);
	});

	test("that is not there changes nothing", () => {
		const made = router("/a/{x}");
		made.remove("GET", "/b");
		made.remove("GET", "/a/{x}/c");
		made.remove("POST", "/a/{x}");
		expect(found(made, "/a/1")).toEqual(["/a/{x}", { x: "1" }]);
	});
});

describe("conflicts", () => {
	/** Every template of up to three segments. */
	const segments = ["a", "b", "{x}"];
	const short = segments.map((one) => `/${one}`);
	const templates = [
		...short,
		...short.flatMap((one) => segments.map((two) => `${one}/${two.replace("x", "y")}`)),
		...short.flatMap((one) => segments.flatMap((two) => [`${one}/${two.replace("x", "y")}/{z}`])),
		"/{r+}",
		...short.flatMap((one) => [`${one}/{r+}`, `${one}/{y}/{r+}`, `${one}/a/{r+}`]),
	];

	test.each(templates)("of %s are those that relate to it as same or overlapping", (template) => {
		for (const other of templates) {
			const relation = relate(parseTemplate(other), parseTemplate(template));
			const expected = relation === "same" || relation === "overlap" ? [other] : [];
			expect(
				router(other)
					.conflicts("GET", template, "it")
					.map(({ value }) => value),
			).toEqual(expected);
		}
	});

	test("are told in the order in which the templates were added", () => {
		const made = router("/c/{x}", "/a/{x}", "/b/{x}");
		expect(made.conflicts("GET", "/{y}/z", "it").map(({ value }) => value)).toEqual([
			"/c/{x}",
			"/a/{x}",
			"/b/{x}",
		]);
	});
});

describe("ambiguous routes are refused, and both are named", () => {
	test("the same paths", () => {
		expect(() => router("/matches/{id}", "/matches/{name}")).toThrow(
			"the routes GET /matches/{id} (/matches/{id}) and GET /matches/{name} (/matches/{name}) both match the same paths; change one of them",
		);
	});

	test("some paths that both match, neither being more specific", () => {
		expect(() => router("/a/{x}", "/{y}/b")).toThrow(
			"the routes GET /a/{x} (/a/{x}) and GET /{y}/b (/{y}/b) both match /a/b, and neither is more specific; change one of them",
		);
	});
});

describe("a malformed template is refused", () => {
	test.each([
		["matches", "must begin with a slash"],
		["/matches/", 'has the segment ""'],
		["/a//b", 'has the segment ""'],
		["/a/..", 'has the segment ".."'],
		["/a b", 'has the segment "a b"'],
		["/{a}b", 'has the segment "{a}b"'],
		["/{a-b}", 'has the segment "{a-b}"'],
		["/{id}/{id}", "has {id} twice"],
		["/{rest+}/b", "must be its last segment"],
		["/ä", "has the segment"],
	])("%s", (path, problem) => expect(() => router(path)).toThrow(problem));
});

describe("what would leave a folder is at no path", () => {
	const made = router("/files/{path+}", "/items/{id}", "/items/{id}/parts");

	test.each([
		"/files/..",
		"/files/../etc/passwd",
		"/files/a/../../etc/passwd",
		"/files/a/..",
		"/files/a/./b",
		"/files/%2e%2e/etc/passwd",
		"/files/a%2F..%2Fb",
		"/files/..%5Cwindows",
		"/files/a%5c..%5cb",
		"/files//etc/passwd",
		"/files/%2Fetc/passwd",
		"/files/a//b",
		"/items/..",
		"/items/%2e",
		"/items/..%2Fsecret",
		"/items/../parts",
		"/files/../items/7",
	])("%s", (path) => {
		expect(made.find("GET", path)).toBeUndefined();
		expect(made.verbs(path)).toEqual([]);
	});

	test.each<[string, unknown]>([
		["/files/a..b/...c/.hidden", { path: "a..b/...c/.hidden" }],
		["/files/a/", { path: "a/" }],
		["/files/a%2Fb", { path: "a/b" }],
		["/items/a%2Fb", { id: "a/b" }],
		["/items/..a", { id: "..a" }],
	])("but %s is", (path, parameters) => {
		expect(found(made, path)?.[1]).toEqual(parameters);
	});
});
