import { describe, expect, test, vi } from "vitest";
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

describe("an instance with several addresses", () => {
	const dialledFor = (addresses: readonly string[], schemes?: readonly string[]): string[] => {
		const [allium, http] = [transport("allium"), transport("http")];
		const share = new PeerPool([allium.made, http.made]).share(addresses, { schemes });
		const others = [...allium.dialled, ...http.dialled].map(({ address }) => address);
		return [share.peer.address, ...others.filter((address) => address !== share.peer.address)];
	};

	test("is reached at the one whose transport comes first, of those that a transport is there for", () => {
		expect(dialledFor(["memory://a", "http://a", "allium://b"])).toEqual(["allium://b", "http://a"]);
		expect(dialledFor(["memory://a", "http://a"])).toEqual(["http://a"]);
	});

	test("is reached at the one whose scheme is named first", () => {
		expect(dialledFor(["allium://b", "http://a"], ["http"])).toEqual(["http://a", "allium://b"]);
	});

	test("is reached at the first of those with one scheme", () => {
		expect(dialledFor(["http://b", "http://a"])).toEqual(["http://b", "http://a"]);
	});

	test("has one way to one host and port, because they lead to one socket", () => {
		expect(dialledFor(["http://a:1", "allium://a:1", "http://a:2"])).toEqual(["allium://a:1", "http://a:2"]);
	});

	test("shares the way to each of them with others, and the last to release it closes it", async () => {
		const { made, dialled } = transport("http");
		const pool = new PeerPool([made]);
		const [both, again, one] = [["http://a", "http://b"], ["http://a", "http://b"], ["http://b"]].map(
			(addresses) => pool.share(addresses),
		);
		expect(both?.peer).toBe(again?.peer);
		expect(dialled.map(({ address }) => address)).toEqual(["http://a", "http://b"]);
		await both?.release();
		expect(dialled[0]?.close).not.toHaveBeenCalled();
		await again?.release();
		expect(dialled[0]?.close).toHaveBeenCalledOnce();
		expect(dialled[1]?.close).not.toHaveBeenCalled();
		await one?.release();
		expect(dialled[1]?.close).toHaveBeenCalledOnce();
	});
});

test("where none is, the error says what there is", () => {
	const pool = new PeerPool([transport("allium").made, transport("http").made]);
	expect(() => pool.share(["ftp://a", "b"])).toThrow("no transport for ftp://a, b; there are allium:, http:");
	expect(() => pool.share([])).toThrow("no transport for an instance without addresses");
});
