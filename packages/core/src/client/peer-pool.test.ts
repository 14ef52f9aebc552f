import { expect, test, vi } from "vitest";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import type { Dialer, Peer } from "../transport/transport.ts";
import { PeerPool } from "./peer-pool.ts";

/** A transport whose peers only know whether they were closed. */
function transport(scheme: string) {
	const dialled: ({ address: string } & Peer)[] = [];
	const dial = (address: string): Peer => {
		const close = vi.fn(async () => {});
		const endpoint = vi.fn(() => () => Promise.reject(new Error("not here")));
		const peer: Peer = { endpoint, close };
		dialled.push({ address, endpoint, close });
		return peer;
	};
	const made: Dialer = { scheme, dial };
	return { made, dialled };
}

test("an address is dialled once for all its users", () => {
	const { made, dialled } = transport("memory");
	const pool = new PeerPool([made]);
	const one = pool.share(["memory://a"]);
	const other = pool.share(["memory://a"]);
	expect(one.peer).toBe(other.peer);
	pool.share(["memory://b"]);
	expect(dialled.map(({ address }) => address)).toEqual(["memory://a", "memory://b"]);
});

test("the endpoint of a method is made once for all users of an address", () => {
	const C = contract("c", { one: method({}), other: method({}) });
	const { made, dialled } = transport("memory");
	const pool = new PeerPool([made]);
	const shares = [pool.share(["memory://a"]), pool.share(["memory://a"])];
	const [one, again] = shares.map(({ peer }) => peer.endpoint(C.one));
	expect(again).toBe(one);
	expect(shares[0]?.peer.endpoint(C.other)).not.toBe(one);
	expect(dialled[0]?.endpoint).toHaveBeenCalledTimes(2);
});

test("the last to release it closes it, each share counting once", async () => {
	const { made, dialled } = transport("memory");
	const pool = new PeerPool([made]);
	const one = pool.share(["memory://a"]);
	const other = pool.share(["memory://a"]);
	await one.release();
	await one.release();
	expect(dialled[0]?.close).not.toHaveBeenCalled();
	await other.release();
	expect(dialled[0]?.close).toHaveBeenCalledOnce();
});

test("after that it is dialled again", async () => {
	const { made, dialled } = transport("memory");
	const pool = new PeerPool([made]);
	const old = pool.share(["memory://a"]);
	await old.release();
	const fresh = pool.share(["memory://a"]);
	await old.release();
	expect(fresh.peer).not.toBe(old.peer);
	expect(dialled[1]?.close).not.toHaveBeenCalled();
});

test("the first address that a transport is there for is taken", () => {
	const [allium, http] = [transport("allium"), transport("http")];
	const pool = new PeerPool([allium.made, http.made]);
	pool.share(["memory://a", "http://a", "allium://a"]);
	expect([allium.dialled.length, http.dialled[0]?.address]).toEqual([0, "http://a"]);
});

test("where none is, the error says what there is", () => {
	const pool = new PeerPool([transport("allium").made, transport("http").made]);
	expect(() => pool.share(["ftp://a", "b"])).toThrow("no transport for ftp://a, b; there are allium:, http:");
	expect(() => pool.share([])).toThrow("no transport for an instance without addresses");
});
