import { contract, describe as describeContract, type Logger, method } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { GatewayRoutes, type RoutedService } from "./gateway-routes.ts";

/** A service of one route. */
function service(name: string, path: `/${string}`, since: number, isUp = true): RoutedService {
	const read = method({ input: z.object({ id: z.string() }), output: z.object({}), effect: "read" });
	const made = contract(name, { read });
	const description = describeContract(made, routes(made, { read: get(path as "/{id}") }).routes);
	return { isUp, since: `2026-01-01T00:00:0${since}.000Z`, contract: made, description };
}

class Routed {
	readonly said: unknown[] = [];
	readonly logger: Logger = { log: (_level, _message, fields) => void this.said.push(fields?.service) };
	readonly routes = new GatewayRoutes(this.logger);

	set(...services: RoutedService[]): void {
		for (const each of services) this.routes.set(each);
	}

	/** The service that answers a path. */
	at(path: string): string | undefined {
		return this.routes.table.find("GET", path)?.value.method.service;
	}

	get refused(): string[] {
		return this.routes.conflicts.map(({ service: name, path }) => `${name} ${path}`);
	}
}

function given(...services: RoutedService[]): Routed {
	const routed = new Routed();
	routed.set(...services);
	return routed;
}

const older = service("older", "/things/{id}", 1);
const younger = service("younger", "/things/{id}", 2);

describe("where two services want the same paths", () => {
	test.each([[[older, younger]], [[younger, older]]])("the older has them", (order) => {
		const routed = given(...order);
		expect(routed.at("/things/1")).toBe("older");
		expect(routed.refused).toEqual(["younger /things/{id}"]);
	});

	test("the younger has them as soon as no instance of the older is up", () => {
		const routed = given(older, younger);
		routed.set({ ...older, isUp: false });
		expect(routed.at("/things/1")).toBe("younger");
		expect(routed.refused).toEqual([]);
	});

	test("the younger has them when the older is forgotten", () => {
		const routed = given(older, younger);
		routed.routes.remove("older");
		expect(routed.at("/things/1")).toBe("younger");
	});

	test("the younger keeps them when the older comes back, as that one is the younger now", () => {
		const routed = given({ ...older, isUp: false }, younger);
		routed.set(service("older", "/things/{id}", 3));
		expect(routed.at("/things/1")).toBe("younger");
		expect(routed.refused).toEqual(["older /things/{id}"]);
	});

	test("it is said once, and again when it was otherwise meanwhile", () => {
		const routed = given(older, younger);
		routed.set(younger, older);
		expect(routed.said).toEqual(["younger"]);
		routed.set({ ...older, isUp: false }, older);
		expect(routed.said).toEqual(["younger", "younger"]);
	});
});

test("a service that is not up keeps paths that no other wants, so that calls get 503 and not 404", () => {
	const routed = given({ ...older, isUp: false });
	expect(routed.at("/things/1")).toBe("older");
});

test("a service that changes its routes gives the old ones free", () => {
	const routed = given(older, younger);
	routed.set(service("older", "/others/{id}", 1));
	expect(routed.at("/things/1")).toBe("younger");
	expect(routed.at("/others/1")).toBe("older");
	routed.set(service("younger", "/mine/{id}", 2));
	expect(routed.at("/things/1")).toBeUndefined();
	expect(routed.routes.table.size).toBe(2);
});

test("a route that displaces one gives what that one displaced free", () => {
	// /a/{id} and /{id}/b overlap, and so do /{id}/b and /c/{id}; /a/{id} and /c/{id} do not.
	const first = service("first", "/a/{id}", 1);
	const second = service("second", "/{id}/b", 2);
	const third = service("third", "/c/{id}", 3);
	const routed = given(second, third);
	expect([routed.at("/c/1"), routed.at("/x/b")]).toEqual([undefined, "second"]);
	routed.set(first);
	expect([routed.at("/a/1"), routed.at("/c/1"), routed.at("/x/b")]).toEqual(["first", "third", undefined]);
});

test("the routes depend on which services there are, not on the order in which they came", () => {
	const paths = ["/a/{id}", "/{id}/b", "/a/b", "/{id}/{rest+}", "/a/{rest+}", "/c/{id}", "/{id}/c"] as const;
	const all = Array.from({ length: 14 }, (_, index) => {
		const path = (paths[index % paths.length] as string).replace("{rest+}", "x");
		return service(`s${index}`, path as `/${string}`, index % 5, index % 4 !== 0);
	});
	const served = (order: readonly RoutedService[], gone: readonly RoutedService[]): string[] => {
		const routed = given(...order);
		for (const each of gone) routed.routes.remove(each.description.name);
		return routed.routes.table.all().map((route) => `${route.method} ${route.path} ${routed.at(route.path)}`);
	};
	const gone = all.filter((_, index) => index % 3 === 0);
	const left = all.filter((each) => !gone.includes(each));
	const expected = served(left, []).sort();
	for (let turn = 0; turn < all.length; turn++) {
		const order = [...all.slice(turn), ...all.slice(0, turn)];
		expect(served(order, gone).sort()).toEqual(expected);
		expect(served(order.toReversed(), gone.toReversed()).sort()).toEqual(expected);
	}
});
