import { expect, test, vi } from "vitest";
import { Context, type PeerInfo } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { allowApps } from "./allow-apps.ts";
import { methods } from "./fixtures/methods.ts";

const answer: Endpoint = async () => "answer";

function call(
	apps: readonly string[],
	peer: PeerInfo | undefined,
	next: Endpoint = answer,
): Promise<unknown> {
	const ctx = Context.background()["~with"]({ ...(peer !== undefined && { peer }) });
	return allowApps(apps)(next, methods.write)({}, ctx);
}

const shop: PeerInfo = { address: "10.0.0.1:1", identity: "spiffe://default/shop", app: "shop" };

test("an app that is named may call", async () => {
	expect(await call(["web", "shop"], shop)).toBe("answer");
});

test("an app that is not named may not, and is told so", async () => {
	const next = vi.fn(answer);
	await expect(call(["web"], shop, next)).rejects.toMatchObject({
		code: "permission_denied",
		message: `${methods.write.path} is not allowed to spiffe://default/shop`,
	});
	expect(next).not.toHaveBeenCalled();
});

test.each([[undefined], [{ address: "10.0.0.1:1" }]])(
	"a caller without an identity may not: %j",
	async (peer) => {
		await expect(call(["shop"], peer)).rejects.toMatchObject({ code: "unauthenticated" });
	},
);

test("a name is that of an app, and no other identity that reads the same", async () => {
	const byHost: PeerInfo = { address: "10.0.0.1:1", identity: "shop" };
	await expect(call(["shop"], byHost)).rejects.toMatchObject({ code: "permission_denied" });
	const elsewhere: PeerInfo = { address: "10.0.0.1:1", identity: "spiffe://green/shop" };
	await expect(call(["shop"], elsewhere)).rejects.toMatchObject({ code: "permission_denied" });
});

test("a whole identity may be named, for callers of other namespaces and authorities", async () => {
	const identity = "spiffe://cluster.local/ns/prod/sa/web";
	expect(await call([identity], { address: "10.0.0.1:1", identity })).toBe("answer");
});

test.each([[[]], [[""]], ["shop" as never], [undefined as never]])("%j is refused at once", (apps) => {
	expect(() => allowApps(apps)).toThrow(
		'allowApps takes the names of the apps that may call: allowApps(["shop"])',
	);
});
