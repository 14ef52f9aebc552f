import { expect, test } from "vitest";
import type { Instance } from "./instance.ts";
import { instanceIdentity } from "./instance-identity.ts";

const registered: Instance = {
	id: "1",
	app: "shop",
	namespace: "blue",
	addresses: ["allium+tls://10.0.0.1:4000"],
	services: [],
	labels: {},
	weight: 1,
	status: "up",
	startedAt: "2026-01-01T00:00:00Z",
};

test("an instance that registered itself has to prove that it is its app", () => {
	expect(instanceIdentity(registered)).toBe("spiffe://blue/shop");
});

test("of an instance that somebody else listed no app is known", () => {
	expect(instanceIdentity({ ...registered, startedAt: "" })).toBeUndefined();
});
